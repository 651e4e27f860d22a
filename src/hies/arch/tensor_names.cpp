#include "hies/arch/tensor_names.h"

#include <algorithm>
#include <array>

#include "hies/base/error.h"

namespace hies::arch {
namespace {

using ByName = std::unordered_map<std::string, const formats::TensorView*>;

// What torch.compile, FSDP and activation checkpointing put before the names of a wrapped module's members.
constexpr std::array<std::string_view, 3> kMarkers = {"_orig_mod.", "_fsdp_wrapped_module.", "_checkpoint_wrapped_module."};

// How LayerNorms were called before 2020, in all families.
const std::vector<OtherName>& old_norms() {
  static const std::vector<OtherName> names = {{"LayerNorm.weight", "LayerNorm.gamma"},
                                               {"LayerNorm.bias", "LayerNorm.beta"},
                                               {"layer_norm.weight", "layer_norm.gamma"},
                                               {"layer_norm.bias", "layer_norm.beta"}};
  return names;
}

std::string with_other_names(std::string name, const std::vector<OtherName>& replacements) {
  for (const auto& [canonical, stored] : replacements)
    if (const auto at = name.find(canonical); at != std::string::npos) name.replace(at, canonical.size(), stored);
  return name;
}

// Returns the same tensors under what `rename` makes of their names; nothing if two get one name.
template <class Rename>
ByName renamed(const ByName& all, const Rename& rename) {
  ByName result;
  for (const auto& [name, view] : all)
    if (!result.emplace(rename(name), view).second) return {};
  return result;
}

}  // namespace

std::string_view model_type_of(std::string_view prefix) {
  for (const Family* family : all_families())
    if (prefix.ends_with('.') && prefix.substr(0, prefix.size() - 1) == family->model_type) return family->model_type;
  return {};
}

std::size_t find_part(std::string_view name, std::string_view beginning) {
  for (std::size_t at = name.find(beginning); at != std::string_view::npos; at = name.find(beginning, at + 1))
    if (at == 0 || name[at - 1] == '.') return at;
  return std::string_view::npos;
}

TensorNames::TensorNames(const formats::TensorStore& store, const Family& family, const std::vector<model::TensorDecl>& declared)
    : family_(family) {
  for (const formats::TensorView& view : store.tensors()) by_name_.emplace(view.name, &view);
  leave_out_markers();
  leave_out_prefix(declared);
}

void TensorNames::leave_out_markers() {
  for (const std::string_view marker : kMarkers) {
    const auto has_marker = [&](const auto& entry) { return find_part(entry.first, marker) != std::string_view::npos; };
    if (std::none_of(by_name_.begin(), by_name_.end(), has_marker)) continue;
    ByName without = renamed(by_name_, [&](std::string name) {
      for (auto at = find_part(name, marker); at != std::string_view::npos; at = find_part(name, marker))
        name.erase(at, marker.size());
      return name;
    });
    if (without.empty()) continue;
    by_name_ = std::move(without);
    wrapper_ += marker;
  }
}

void TensorNames::leave_out_prefix(const std::vector<model::TensorDecl>& declared) {
  const auto is_there = [this](const model::TensorDecl& decl) { return !decl.task_head && find(decl.name) != nullptr; };
  if (std::any_of(declared.begin(), declared.end(), is_there)) return;
  for (const model::TensorDecl& decl : declared) {
    const std::string prefix = decl.task_head ? std::string() : prefix_of(decl.name);
    if (prefix.empty()) continue;
    if (!model_type_of(prefix).empty()) return;  // the weights are another family's, whose computation may differ
    const auto begins = [&](const auto& entry) { return entry.first.starts_with(prefix); };
    if (!std::all_of(by_name_.begin(), by_name_.end(), begins)) return;
    by_name_ = renamed(by_name_, [&](const std::string& name) { return name.substr(prefix.size()); });
    wrapper_ = prefix + wrapper_;
    return;
  }
}

std::vector<std::string> TensorNames::spellings(const std::string& canonical) const {
  std::vector<std::string> names{canonical};
  for (const auto* replacements : {&old_norms(), &family_.other_names})
    if (std::string other = with_other_names(canonical, *replacements); other != canonical) names.push_back(std::move(other));
  for (std::size_t i = 0, count = names.size(); i < count; ++i)
    if (names[i].starts_with(family_.prefix)) names.push_back(names[i].substr(family_.prefix.size()));
  return names;
}

const formats::TensorView* TensorNames::find(const std::string& canonical) const {
  const formats::TensorView* found = nullptr;
  for (const std::string& name : spellings(canonical)) {
    const auto entry = by_name_.find(name);
    if (entry == by_name_.end()) continue;
    if (found != nullptr && !formats::same_content(*found, *entry->second))
      throw Error(
          ErrorKind::bad_input,
          fmt::format("the tensors {} and {} of {} are names of one tensor, with different content", printable(found->name),
                      printable(entry->second->name), found->mapping->path().parent_path().string()),
          "remove the one that the model does not use");
    if (found == nullptr) found = entry->second;
  }
  return found;
}

std::string TensorNames::prefix_of(const std::string& canonical) const {
  for (const std::string& spelling : spellings(canonical)) {
    // The shortest, and of those the first, so that the result does not depend on the order of a hash table.
    std::string best;
    for (const auto& [name, view] : by_name_) {
      if (name.size() <= spelling.size() || !name.ends_with(spelling) || name[name.size() - spelling.size() - 1] != '.') continue;
      const std::string prefix = name.substr(0, name.size() - spelling.size());
      if (best.empty() || prefix.size() < best.size() || (prefix.size() == best.size() && prefix < best)) best = prefix;
    }
    if (!best.empty()) return best;
  }
  return {};
}

}  // namespace hies::arch
