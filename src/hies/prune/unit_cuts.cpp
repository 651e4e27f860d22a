#include "hies/prune/unit_cuts.h"

#include <algorithm>
#include <string>
#include <unordered_map>

#include "hies/base/error.h"

namespace hies::prune {
namespace {

using model::Slice;
using model::SliceRole;

struct RemovedSlice {
  Slice slice;
  bool padding = false;  // of a head that is kept as zeros
};

// Calls `visit` with the positions in `present` of what `left` lacks.
template <class Visit>
void each_removed(const std::vector<int>& present, const std::vector<int>& left, const Visit& visit) {
  for (std::size_t i = 0; i < present.size(); ++i)
    if (!std::binary_search(left.begin(), left.end(), present[i])) visit(static_cast<int>(i));
}

std::vector<RemovedSlice> removed_slices(const model::ModelSpec& spec, const model::Layout& left) {
  std::vector<RemovedSlice> all;
  for (const auto& entry : spec.layout) {
    const model::Site site = entry.first;
    const model::SiteLayout &present = entry.second, &kept = left.at(site);
    each_removed(present.units, kept.active(), [&](int position) {
      const bool padding = kept.position_of(present.units[static_cast<std::size_t>(position)]) >= 0;
      for (Slice& slice : model::unit_slices(spec, site, position)) all.push_back({std::move(slice), padding});
    });
    each_removed(present.kv_heads, kept.kv_heads, [&](int position) {
      for (Slice& slice : model::kv_slices(spec, site, position)) all.push_back({std::move(slice), false});
    });
  }
  return all;
}

}  // namespace

Cuts unit_cuts(const arch::Checkpoint& source, const model::Layout& left, bool keep_shapes) {
  Cuts cuts;
  std::unordered_map<std::string, const formats::TensorView*> views;  // a layer has thousands of neurons in three tensors
  for (const auto& [slice, padding] : removed_slices(source.spec(), left)) {
    if (keep_shapes && slice.role != SliceRole::output && slice.role != SliceRole::down) continue;
    const auto [found, unknown] = views.try_emplace(slice.tensor, nullptr);
    if (unknown) found->second = source.find(slice.tensor);
    const formats::TensorView* view = found->second;
    check(view != nullptr, "a present unit has no tensor " + slice.tensor);
    const auto [place, is_new] = cuts.try_emplace(view, Cut{slice.axis, {}});
    check(is_new || place->second.axis == slice.axis, "units lie along two axes of " + slice.tensor);
    check(static_cast<std::size_t>(slice.axis) < view->shape.size() && slice.begin >= 0 && slice.begin <= slice.end &&
              slice.end <= view->shape[static_cast<std::size_t>(slice.axis)],
          "a unit lies outside " + slice.tensor);
    place->second.ranges.push_back({slice.begin, slice.end, padding || keep_shapes});
  }
  for (auto& [view, cut] : cuts) {
    std::sort(cut.ranges.begin(), cut.ranges.end());
    for (std::size_t i = 1; i < cut.ranges.size(); ++i)
      check(cut.ranges[i - 1].end <= cut.ranges[i].begin, "units overlap in " + view->name);
  }
  return cuts;
}

}  // namespace hies::prune
