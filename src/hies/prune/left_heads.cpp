#include "hies/prune/left_heads.h"

#include <algorithm>
#include <map>

namespace hies::prune {
namespace {

// Removed or dead heads that fill the smaller groups of `live` up; none where the layer has too few of them.
std::vector<int> padding(const model::LayerHeads& layer, const std::vector<int>& live) {
  std::map<int, std::vector<int>> groups;
  std::size_t most = 0;
  for (const int head : live) {
    std::vector<int>& group = groups[layer.kv_of(head)];
    group.push_back(head);
    most = std::max(most, group.size());
  }
  std::vector<int> dead;
  for (const auto& [kv_head, group] : groups) {
    std::size_t missing = most - group.size();
    for (const int head : layer.heads) {
      if (missing == 0) break;
      if (layer.kv_of(head) != kv_head || std::binary_search(group.begin(), group.end(), head)) continue;
      dead.push_back(head);
      --missing;
    }
    if (missing > 0) return {};
  }
  return dead;  // ascending, as the groups are
}

}  // namespace

model::LayerHeads left_heads(const model::LayerHeads& layer, const std::vector<int>& gone) {
  std::vector<int> live = layer.live();
  std::erase_if(live, [&](int head) { return std::find(gone.begin(), gone.end(), head) != gone.end(); });
  model::LayerHeads left = layer;
  left.dead = layer.grouped() ? padding(layer, live) : std::vector<int>();
  left.heads.clear();
  std::merge(live.begin(), live.end(), left.dead.begin(), left.dead.end(), std::back_inserter(left.heads));
  left.drop_unread_kv_heads();
  return left;
}

}  // namespace hies::prune
