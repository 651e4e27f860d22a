#include "hies/arch/checkpoint.h"

#include <algorithm>
#include <unordered_set>

#include <fmt/ranges.h>

#include "hies/arch/config.h"
#include "hies/arch/config_hash.h"
#include "hies/base/error.h"
#include "hies/base/files.h"

namespace hies::arch {
namespace {

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  if (const auto at = text.rfind(from); at != std::string::npos && at + from.size() == text.size())
    text.replace(at, from.size(), to);
  return text;
}

// The names under which older versions of transformers stored a tensor, newest first.
std::vector<std::string> stored_names(const std::string& canonical, std::string_view prefix) {
  std::vector<std::string> names{canonical};
  if (canonical.find("LayerNorm.") != std::string::npos || canonical.find("layer_norm.") != std::string::npos)
    names.push_back(replaced(replaced(canonical, ".weight", ".gamma"), ".bias", ".beta"));
  if (canonical.starts_with(prefix)) {
    for (std::size_t i = 0, count = names.size(); i < count; ++i) names.push_back(names[i].substr(prefix.size()));
  }
  return names;
}

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

const formats::TensorView* find_stored(const formats::TensorStore& store, const std::string& canonical, const Family& family) {
  for (const std::string& name : stored_names(canonical, family.prefix))
    if (const formats::TensorView* view = store.find(name); view != nullptr) return view;
  return nullptr;
}

// Where config.json and the first matrix of a feed-forward network differ in its width, the matrix is right.
void take_stored_widths(const formats::TensorStore& store, const Family& family, model::ModelSpec& spec) {
  for (const model::Site site : spec.layout.sites(model::SiteKind::ffn)) {
    const model::MatrixSpec& up = spec.layer(site.layer).ffn.up;
    const formats::TensorView* view = find_stored(store, up.name + ".weight", family);
    if (view == nullptr || view->shape.size() != 2) continue;
    const std::int64_t outputs = view->shape[up.inputs_first ? 1 : 0];
    const std::int64_t width = outputs / up.parts;
    if (width * up.parts != outputs || width > kMostNeurons || width == spec.layout.at(site).width()) continue;
    spec.layout.at(site) = whole_ffn(static_cast<int>(width));
  }
}

}  // namespace

Checkpoint Checkpoint::open(const std::filesystem::path& folder) {
  Checkpoint c;
  c.folder_ = folder;
  if (!is_there(folder))
    throw Error(ErrorKind::io, fmt::format("model directory {} does not exist", folder.string()),
                "give the path of a Hugging Face checkpoint directory");
  if (!is_folder(folder))
    throw Error(ErrorKind::bad_input, fmt::format("{} is not a directory", folder.string()),
                "give the path of a Hugging Face checkpoint directory");
  const auto config_path = folder / "config.json";
  if (!is_there(config_path))
    throw Error(ErrorKind::bad_input, fmt::format("{} has no config.json", folder.string()),
                "give the path of a Hugging Face checkpoint directory");
  const std::string where = config_path.string();
  c.config_ = read_json(config_path);
  if (!c.config_.is_object()) bad_input("{}: expected a JSON object, found {}", where, c.config_.type_name());
  c.family_ = &find_family(require<std::string>(c.config_, "model_type", where), where);
  c.spec_ = c.family_->parse(c.config_, where);
  c.store_ = formats::TensorStore::open(folder);
  if (!states_neurons(c.config_)) take_stored_widths(c.store_, *c.family_, c.spec_);
  c.hashes_ = {formats::content_hash(c.store_), config_hash(c.spec_)};

  std::unordered_set<std::string> used;
  std::string first_missing_of_head;
  for (model::TensorDecl& decl : model::tensors(c.spec_)) {
    const formats::TensorView* view = find_stored(c.store_, decl.name, *c.family_);
    if (view != nullptr) {
      check_tensor(*view, decl, folder);
      used.insert(view->name);
    } else if (decl.task_head) {
      c.has_task_head_ = false;
    } else if (!is_empty(decl.shape)) {
      throw Error(ErrorKind::bad_input, fmt::format("{} has no tensor {}", folder.string(), decl.name),
                  fmt::format("config.json says model_type {}: is this the right directory?", c.spec_.model_type));
    }
    c.tensors_.push_back({std::move(decl), view});
  }
  for (const formats::TensorView& view : c.store_.tensors())
    if (!used.contains(view.name)) c.unused_.push_back(view.name);
  return c;
}

const formats::TensorView* Checkpoint::find(const std::string& canonical) const {
  for (const Bound& bound : tensors_)
    if (bound.decl.name == canonical) return bound.view;
  check(false, "unknown tensor name " + canonical);
  return nullptr;
}

std::uint64_t Checkpoint::weight_bytes() const { return store_.file_bytes(); }

}  // namespace hies::arch
