#include "hies/arch/checkpoint.h"

#include <algorithm>
#include <unordered_set>

#include <fmt/ranges.h>

#include "hies/arch/adapter.h"
#include "hies/arch/config.h"
#include "hies/arch/config_hash.h"
#include "hies/arch/encoder_task.h"
#include "hies/arch/missing_tensor.h"
#include "hies/arch/no_weights.h"
#include "hies/arch/tensor_names.h"
#include "hies/arch/tying.h"
#include "hies/base/error.h"
#include "hies/base/files.h"

namespace hies::arch {
namespace {

std::string shape_text(const std::vector<std::int64_t>& shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }

bool is_empty(const std::vector<std::int64_t>& shape) { return std::find(shape.begin(), shape.end(), 0) != shape.end(); }

void check_tensor(const formats::TensorView& view, const model::TensorDecl& decl, const std::filesystem::path& folder) {
  if (view.shape != decl.shape)
    bad_input("tensor {} of {} has shape {}, but config.json implies {}", view.name, folder.string(), shape_text(view.shape),
              shape_text(decl.shape));
  using formats::DType;
  if (view.dtype != DType::float32 && view.dtype != DType::float16 && view.dtype != DType::bfloat16 &&
      view.dtype != DType::float64)
    bad_input("tensor {} of {} has dtype {}, but weights must be float16, bfloat16, float32 or float64", view.name,
              folder.string(), formats::display_name(view.dtype));
}

// The description of a gated feed-forward network whose first matrix is stored in two parts, each under its own name.
void take_stored_parts(const TensorNames& names, const Family& family, model::ModelSpec& spec) {
  for (const auto& [canonical, stored] : family.other_parts) {
    for (model::LayerSpec& layer : spec.layers) {
      model::FfnSpec& ffn = layer.ffn;
      const auto at = ffn.up.name.find(canonical);
      if (!ffn.gate || ffn.up.parts != 2 || at == std::string::npos || names.find(ffn.up.name + ".weight") != nullptr) continue;
      const auto part = [&, length = canonical.size()](const std::string& name) {
        model::MatrixSpec matrix = ffn.up;
        matrix.name.replace(at, length, name);
        matrix.part = 0;
        matrix.parts = 1;
        return matrix;
      };
      const model::MatrixSpec gate = part(stored[0]), up = part(stored[1]);
      if (names.find(gate.name + ".weight") == nullptr || names.find(up.name + ".weight") == nullptr) continue;
      ffn.gate = gate;
      ffn.up = up;
    }
  }
}

// Where config.json and the first matrix of a feed-forward network differ in its width, the matrix is right.
void take_stored_widths(const TensorNames& names, model::ModelSpec& spec) {
  for (const model::Site site : spec.layout.sites(model::SiteKind::ffn)) {
    const model::MatrixSpec& up = spec.layer(site.layer).ffn.up;
    const formats::TensorView* view = names.find(up.name + ".weight");
    if (view == nullptr || view->shape.size() != 2) continue;
    const std::int64_t outputs = view->shape[up.inputs_first ? 1 : 0];
    const std::int64_t width = outputs / up.parts;
    if (width * up.parts != outputs || width > kMostNeurons || width == spec.layout.at(site).width()) continue;
    spec.layout.at(site) = whole_ffn(static_cast<int>(width));
  }
}

// A tensor that an index places in a file that lacks it counts as stored: it is refused where it is looked for.
void resolve_head(const Json& config, const formats::TensorStore& store, const TensorNames& names, model::ModelSpec& spec) {
  std::vector<std::string> stored_names;
  for (const formats::TensorView& view : store.tensors()) stored_names.push_back(view.name);
  const auto stored = [&](const std::string& canonical) {
    return names.find(canonical) != nullptr || !why_missing(store, names, canonical).empty();
  };
  resolve_task_head(config, stored, stored_names, spec);
}

// Where the weights are quantised, other tensors stand under the same names, or integers in their place. Settings that switch nothing
// on do no harm.
void refuse_quantised(const Json& config, std::string_view where) {
  for (const char* key : {"quantization_config", "compression_config"}) {
    const Json* value = find_member(config, key, where);
    if (value == nullptr || value->is_null() || value->empty() || *value == false) continue;
    const auto is_true = [&](const char* member) { return value->contains(member) && (*value)[member] == true; };
    const bool bits_and_bytes =
        value->is_object() && value->contains("quant_method") && (*value)["quant_method"] == "bitsandbytes";
    if (bits_and_bytes && !is_true("load_in_4bit") && !is_true("load_in_8bit")) continue;
    throw Error(ErrorKind::unsupported, fmt::format("{}: quantised weights ({}) are not supported", where, key),
                "save the checkpoint in float16 or bfloat16 first");
  }
}

void check_folder(const std::filesystem::path& folder) {
  constexpr const char* kHint = "give the path of a Hugging Face checkpoint directory";
  if (!is_there(folder)) throw Error(ErrorKind::io, fmt::format("model directory {} does not exist", folder.string()), kHint);
  if (!is_folder(folder)) throw Error(ErrorKind::bad_input, fmt::format("{} is not a directory", folder.string()), kHint);
}

}  // namespace

Checkpoint Checkpoint::open(const std::filesystem::path& folder, Progress& progress) {
  check_folder(folder);
  Checkpoint c;
  c.folder_ = folder;
  c.read_config();
  if (!formats::TensorStore::is_in(folder)) refuse_without_weights(folder, c.config_);
  c.store_ = formats::TensorStore::open(folder);
  const TensorNames names(c.store_, *c.family_, model::tensors(c.spec_));
  take_stored_parts(names, *c.family_, c.spec_);
  if (!states_neurons(c.config_)) take_stored_widths(names, c.spec_);
  c.untied_ = untie_if_different(names, c.spec_);
  resolve_head(c.config_, c.store_, names, c.spec_);
  c.has_task_head_ = c.spec_.problem != model::Problem::hidden_states;
  c.hashes_ = {formats::content_hash(c.store_), config_hash(c.spec_)};
  c.bind(names);
  c.warn(names, progress);
  return c;
}

void Checkpoint::read_config() {
  const auto path = folder_ / "config.json";
  if (!is_there(path)) refuse_without_config(folder_);
  const std::string where = path.string();
  config_ = read_python_json(path);
  if (!config_.is_object()) bad_input("{}: expected a JSON object, found {}", where, config_.type_name());
  family_ = &find_family(require<std::string>(config_, "model_type", where), where);
  refuse_quantised(config_, where);
  spec_ = family_->parse(config_, where);
}

// Finds the stored tensor of every declared one.
void Checkpoint::bind(const TensorNames& names) {
  const std::vector<model::TensorDecl> declared = model::tensors(spec_);
  std::unordered_set<std::string> used;
  for (const model::TensorDecl& decl : declared) {
    const formats::TensorView* view = names.find(decl.name);
    if (view == nullptr)
      if (const std::string other = name_of_tied_table(spec_, decl.name); !other.empty()) view = names.find(other);
    if (view != nullptr) {
      check_tensor(*view, decl, folder_);
      used.insert(view->name);
    } else if (decl.task_head && spec_.causal && why_missing(store_, names, decl.name).empty()) {
      has_task_head_ = false;
    } else if (!is_empty(decl.shape)) {
      refuse_missing({folder_, config_, store_, names, declared}, decl);
    }
    tensors_.push_back({decl, view});
  }
  for (const formats::TensorView& view : store_.tensors())
    if (!used.contains(view.name)) unused_.push_back(view.name);
}

void Checkpoint::warn(const TensorNames& names, Progress& progress) const {
  for (const std::string& line : store_.warnings()) progress.warn(line);
  if (!names.wrapper().empty())
    progress.warn(
        fmt::format("{}: the names of the tensors hold a wrapper's '{}', which is left out here; other programs do not find them",
                    folder_.string(), printable(names.wrapper())));
  if (untied_)
    progress.warn(
        fmt::format("{}: config.json ties the output matrix to the word embeddings, but lm_head.weight holds other values, which "
                    "are used, as in transformers 5; transformers 4 uses the word embeddings",
                    folder_.string()));
  if (const std::string adapter = adapter_file(folder_); !adapter.empty())
    progress.warn(
        fmt::format("{} holds an adapter ({}), which is not applied; {}", folder_.string(), adapter, adapter_hint(folder_)));
}

const formats::TensorView* Checkpoint::find(const std::string& canonical) const {
  for (const Bound& bound : tensors_)
    if (bound.decl.name == canonical) return bound.view;
  check(false, "unknown tensor name " + canonical);
  return nullptr;
}

std::uint64_t Checkpoint::weight_bytes() const { return store_.file_bytes(); }

}  // namespace hies::arch
