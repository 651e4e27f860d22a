#include "hies/arch/missing_tensor.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include "hies/arch/adapter.h"
#include "hies/base/error.h"
#include "hies/base/suggest.h"

namespace hies::arch {
namespace {

struct Cause {
  std::string message, hint;
  ErrorKind kind = ErrorKind::bad_input;
};
using MaybeCause = std::optional<Cause>;

// Returns the first stored name that holds one of these parts, or an empty text.
std::string first_name_with(const formats::TensorStore& store, std::initializer_list<std::string_view> parts) {
  for (const formats::TensorView& view : store.tensors())
    for (const std::string_view part : parts)
      if (view.name.find(part) != std::string::npos) return printable(view.name);
  return {};
}

MaybeCause of_index(const CheckpointParts& parts, const model::TensorDecl& missing) {
  const std::string why = why_missing(parts.store, parts.names, missing.name);
  if (why.empty()) return {};
  return Cause{why, "the files do not belong together, or are not complete: download or save them again"};
}

MaybeCause of_adapter(const CheckpointParts& parts, const model::TensorDecl& /*missing*/) {
  const std::string name =
      first_name_with(parts.store, {".base_layer.", ".lora_A.", ".lora_B.", ".lora_embedding_", ".modules_to_save."});
  if (name.empty()) return {};
  return Cause{fmt::format("the weights hold an adapter that is not merged ({})", name), adapter_hint(parts.folder),
               ErrorKind::unsupported};
}

MaybeCause of_quantisation(const CheckpointParts& parts, const model::TensorDecl& /*missing*/) {
  const std::string name = first_name_with(
      parts.store, {".qweight", ".qzeros", ".weight_packed", ".weight_scale", ".weight.absmax", ".weight.quant_map"});
  if (name.empty()) return {};
  return Cause{fmt::format("the weights are quantised ({})", name), "save the checkpoint in float16 or bfloat16 first",
               ErrorKind::unsupported};
}

MaybeCause of_prefix(const CheckpointParts& parts, const model::TensorDecl& missing) {
  const std::string prefix = printable(parts.names.prefix_of(missing.name));
  if (prefix.empty()) return {};
  if (const std::string_view other = model_type_of(prefix); !other.empty())
    return Cause{
        fmt::format("the weights have the names of {}, but config.json says {}", other, parts.config.value("model_type", "")),
        "config.json and the weights belong to different models: correct one of them"};
  return Cause{fmt::format("there is one with '{}' before its name, but not all names begin so", prefix),
               fmt::format("save the part of the model that '{}' names by itself, with save_pretrained", prefix)};
}

// The layers before that of the missing tensor are there, and nothing of it.
MaybeCause of_layers(const CheckpointParts& parts, const model::TensorDecl& missing) {
  if (missing.layer < 1) return {};
  int layers = 0;
  for (const model::TensorDecl& decl : parts.declared) {
    if (decl.layer < 0) continue;
    layers = std::max(layers, decl.layer + 1);
    const bool empty = std::find(decl.shape.begin(), decl.shape.end(), 0) != decl.shape.end();
    const bool there = parts.names.find(decl.name) != nullptr;
    if (!empty && there != (decl.layer < missing.layer)) return {};
  }
  return Cause{fmt::format("config.json says {} layers, but the weights are of {}", layers, missing.layer),
               "config.json and the weights belong to different models: correct one of them"};
}

// None of the model's tensors is there.
MaybeCause of_other_names(const CheckpointParts& parts, const model::TensorDecl& /*missing*/) {
  const auto there = [&](const model::TensorDecl& decl) { return parts.names.find(decl.name) != nullptr; };
  if (std::any_of(parts.declared.begin(), parts.declared.end(), there)) return {};
  const auto& tensors = parts.store.tensors();
  if (tensors.empty()) return Cause{"the weights hold no tensor at all", "download or save them again"};
  const auto names = parts.config.find("architectures");
  const bool named = names != parts.config.end() && names->is_array() && !names->empty() && names->front().is_string();
  return Cause{fmt::format("none of its {} tensors has a name of {} as transformers calls it (the first is {})", tensors.size(),
                           parts.config.value("model_type", ""), printable(tensors.front().name)),
               named ? fmt::format("config.json says {}: save the weights with transformers' save_pretrained",
                                   printable(names->front().get<std::string>()))
                     : "save the model with transformers' save_pretrained"};
}

std::string hint_of_one(const CheckpointParts& parts, const model::TensorDecl& missing) {
  std::set<const formats::TensorView*> used;
  for (const model::TensorDecl& decl : parts.declared) used.insert(parts.names.find(decl.name));
  std::vector<std::string> unused;
  for (const formats::TensorView& view : parts.store.tensors())
    if (!used.contains(&view)) unused.push_back(view.name);
  const std::string near = printable(nearest(missing.name, unused));
  if (!near.empty()) return fmt::format("'{}' is there, which the model does not have: is it this one under another name?", near);
  return "the other tensors are there: the weights are not complete, or config.json is of another variant of the model";
}

}  // namespace

std::string why_missing(const formats::TensorStore& store, const TensorNames& names, const std::string& canonical) {
  for (const std::string& name : names.spellings(canonical))
    if (std::string why = store.why_missing(names.wrapper() + name); !why.empty()) return why;
  return {};
}

void refuse_missing(const CheckpointParts& parts, const model::TensorDecl& missing) {
  const std::string what = fmt::format("{} has no tensor {}", parts.folder.string(), missing.name);
  for (const auto cause_of : {of_index, of_adapter, of_quantisation, of_layers, of_prefix, of_other_names})
    if (const MaybeCause cause = cause_of(parts, missing))
      throw Error(cause->kind, fmt::format("{}: {}", what, cause->message), cause->hint);
  throw Error(ErrorKind::bad_input, what, hint_of_one(parts, missing));
}

}  // namespace hies::arch
