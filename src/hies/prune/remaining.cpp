#include "hies/prune/remaining.h"

#include <algorithm>
#include <iterator>
#include <map>

namespace hies::prune {
namespace {

// Removed or padding heads that fill up the smaller groups of `active`; none where the site has too few of them.
std::vector<int> padding_of(const model::SiteLayout& site, const std::vector<int>& active) {
  std::map<int, std::vector<int>> groups;
  std::size_t largest = 0;
  for (const int head : active) {
    std::vector<int>& group = groups[site.kv_of(head)];
    group.push_back(head);
    largest = std::max(largest, group.size());
  }
  std::vector<int> padding;
  for (const auto& [kv_head, group] : groups) {
    std::size_t missing = largest - group.size();
    for (const int head : site.units) {
      if (missing == 0) break;
      if (site.kv_of(head) != kv_head || std::binary_search(group.begin(), group.end(), head)) continue;
      padding.push_back(head);
      --missing;
    }
    if (missing > 0) return {};
  }
  return padding;  // ascending, as the groups are
}

}  // namespace

model::SiteLayout remaining(const model::SiteLayout& site, const std::vector<int>& removed) {
  std::vector<int> sorted = removed;
  std::sort(sorted.begin(), sorted.end());
  std::vector<int> active = site.active();
  std::erase_if(active, [&](int unit) { return std::binary_search(sorted.begin(), sorted.end(), unit); });
  model::SiteLayout left = site;
  left.padding = site.grouped() ? padding_of(site, active) : std::vector<int>();
  left.units.clear();
  std::merge(active.begin(), active.end(), left.padding.begin(), left.padding.end(), std::back_inserter(left.units));
  left.drop_unread_kv_heads();
  return left;
}

model::Layout remaining(const model::Layout& layout, const model::UnitSet& removed) {
  model::Layout left = layout;
  for (const auto& [site, units] : removed) left.at(site) = remaining(layout.at(site), units);
  return left;
}

model::UnitSet removed_so_far(const model::Layout& layout) {
  model::UnitSet removed;
  for (const auto& [site, present] : layout) {
    std::vector<int> units;
    for (int unit = 0; unit < present.original_units; ++unit)
      if (!present.is_active(unit)) units.push_back(unit);
    removed.insert(site, units);
  }
  return removed;
}

}  // namespace hies::prune
