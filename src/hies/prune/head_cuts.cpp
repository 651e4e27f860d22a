#include "hies/prune/head_cuts.h"

#include <algorithm>

#include "hies/base/error.h"

namespace hies::prune {
namespace {

struct GoneSlice {
  model::HeadSlice slice;
  bool dead = false;  // of a head that stays as zeros
};

// As positions in `present`.
template <class Visit>
void each_gone(const std::vector<int>& present, const std::vector<int>& left, const Visit& visit) {
  for (std::size_t i = 0; i < present.size(); ++i)
    if (!std::binary_search(left.begin(), left.end(), present[i])) visit(static_cast<int>(i));
}

std::vector<GoneSlice> gone_slices(const model::Checkpoint& source, const model::HeadLayout& left) {
  const model::HeadLayout& present = source.spec().layers;
  std::vector<GoneSlice> all;
  for (std::size_t i = 0; i < present.size(); ++i) {
    const int layer = static_cast<int>(i);
    each_gone(present[i].heads, left[i].live(), [&](int position) {
      const bool dead = left[i].position_of(present[i].heads[static_cast<std::size_t>(position)]) >= 0;
      for (auto& slice : source.arch().head_slices(source.spec(), layer, position)) all.push_back({std::move(slice), dead});
    });
    each_gone(present[i].kv_heads, left[i].kv_heads, [&](int position) {
      for (auto& slice : source.arch().kv_slices(source.spec(), layer, position)) all.push_back({std::move(slice), false});
    });
  }
  return all;
}

}  // namespace

Cuts head_cuts(const model::Checkpoint& source, const model::HeadLayout& left, bool keep_shapes) {
  Cuts cuts;
  for (const auto& [slice, dead] : gone_slices(source, left)) {
    if (keep_shapes && slice.role != model::SliceRole::output) continue;
    const formats::TensorView* view = source.find(slice.tensor);
    check(view != nullptr, "a present head has no tensor " + slice.tensor);
    const auto [place, is_new] = cuts.try_emplace(view, Cut{slice.axis, {}});
    check(is_new || place->second.axis == slice.axis, "heads lie along two axes of " + slice.tensor);
    check(static_cast<std::size_t>(slice.axis) < view->shape.size() && slice.begin >= 0 && slice.begin <= slice.end &&
              slice.end <= view->shape[static_cast<std::size_t>(slice.axis)],
          "a head lies outside " + slice.tensor);
    place->second.ranges.push_back({slice.begin, slice.end, dead || keep_shapes});
  }
  for (auto& [view, cut] : cuts) {
    std::sort(cut.ranges.begin(), cut.ranges.end());
    for (std::size_t i = 1; i < cut.ranges.size(); ++i)
      check(cut.ranges[i - 1].end <= cut.ranges[i].begin, "heads overlap in " + view->name);
  }
  return cuts;
}

}  // namespace hies::prune
