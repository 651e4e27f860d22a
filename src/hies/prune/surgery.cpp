#include "hies/prune/surgery.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/prune/pruned_config.h"
#include "hies/prune/side_files.h"
#include "hies/prune/unit_cuts.h"

namespace hies::prune {
namespace {

using formats::TensorSource;
using formats::TensorView;

// The stored tensors in the order in which they lie in their files.
std::vector<const TensorView*> in_file_order(const formats::TensorStore& store) {
  std::vector<const TensorView*> views;
  for (const TensorView& view : store.tensors()) views.push_back(&view);
  std::stable_sort(views.begin(), views.end(), [](const TensorView* a, const TensorView* b) {
    return a->file != b->file ? a->file < b->file : a->bytes.data() < b->bytes.data();
  });
  return views;
}

// Every tensor has the shape that is declared for what is left: only slices that contradict the declarations could break that.
void check_shapes(const std::vector<TensorSource>& sources, const arch::Checkpoint& source, const model::Layout& left) {
  std::unordered_map<std::string, const TensorSource*> by_name;
  for (const TensorSource& tensor : sources) by_name[tensor.name] = &tensor;
  model::ModelSpec spec = source.spec();
  spec.layout = left;
  for (const model::TensorDecl& decl : model::tensors(spec)) {
    const TensorView* view = source.find(decl.name);
    check(view == nullptr || by_name.at(view->name)->shape == decl.shape, "the slices of " + decl.name + " do not fit its shape");
  }
}

// Writes a tensor in the place of a stored one.
TensorSource source_of(const formats::StoredTensor& tensor, const TensorView& place) {
  check(tensor.dtype == place.dtype, "another element type than that of " + place.name);
  return {place.name, tensor.dtype, tensor.shape, place.file, [&tensor](const auto& sink) { sink(tensor.bytes); }};
}

std::vector<TensorSource> tensor_sources(const arch::Checkpoint& source, const model::Layout& left, bool keep_shapes,
                                         const formats::TensorMap& instead) {
  const Cuts cuts = unit_cuts(source, left, keep_shapes);
  // Looked at while they are copied, so that the file is read once. Tensors that the family does not use may hold anything.
  std::unordered_set<const TensorView*> weights;
  for (const auto& bound : source.tensors()) weights.insert(bound.view);
  std::unordered_map<const TensorView*, const formats::StoredTensor*> replaced;
  for (const auto& [name, tensor] : instead) replaced[source.find(name)] = &tensor;
  std::vector<TensorSource> sources;
  for (const TensorView* view : in_file_order(source.store())) {
    if (const auto other = replaced.find(view); other != replaced.end()) {
      sources.push_back(source_of(*other->second, *view));
      continue;
    }
    const auto cut = cuts.find(view);
    sources.push_back(part_source(*view, cut != cuts.end() ? &cut->second : nullptr, weights.contains(view)));
  }
  check_shapes(sources, source, keep_shapes ? source.spec().layout : left);
  return sources;
}

}  // namespace

void write_pruned(const arch::Checkpoint& source, const Plan& plan, const SurgeryOptions& options, const std::string& note,
                  const std::filesystem::path& folder, Progress& progress, const formats::TensorMap& instead) {
  check_plan(plan, source.hashes(), source.spec().layout, "plan");
  const std::uint64_t max_shard_bytes = formats::parse_byte_size(options.max_shard_size, "`max_shard_size`");
  const model::Layout left = pruned_layout(plan, source.spec().layout);

  copy_side_files(source.folder(), source.store(), folder, progress);
  write_readme(source.folder(), note, folder);
  // A plan that removes nothing leaves the model as it was, its config.json to the byte.
  const bool same_config = plan.removed.empty();
  write_file(folder / "config.json",
             same_config ? read_file(source.folder() / "config.json")
                         : pretty_python(pruned_config(source, plan, left, options.keep_shapes)),
             false);
  formats::write_safetensors(folder, tensor_sources(source, left, options.keep_shapes, instead), max_shard_bytes, progress);
}

}  // namespace hies::prune
