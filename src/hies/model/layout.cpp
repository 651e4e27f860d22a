#include "hies/model/layout.h"

#include <algorithm>
#include <iterator>

#include "hies/base/error.h"

namespace hies::model {

int SiteLayout::position_of(int unit) const {
  const auto found = std::lower_bound(units.begin(), units.end(), unit);
  return found != units.end() && *found == unit ? static_cast<int>(found - units.begin()) : -1;
}

std::vector<int> SiteLayout::active() const {
  std::vector<int> result;
  std::set_difference(units.begin(), units.end(), padding.begin(), padding.end(), std::back_inserter(result));
  return result;
}

bool SiteLayout::is_active(int unit) const {
  return position_of(unit) >= 0 && !std::binary_search(padding.begin(), padding.end(), unit);
}

std::vector<std::int32_t> SiteLayout::kv_positions() const {
  std::vector<std::int32_t> positions;
  for (const int head : units) {
    const auto found = std::lower_bound(kv_heads.begin(), kv_heads.end(), kv_of(head));
    positions.push_back(static_cast<std::int32_t>(found - kv_heads.begin()));
  }
  return positions;
}

void SiteLayout::drop_unread_kv_heads() {
  std::erase_if(kv_heads, [this](int kv_head) {
    return std::none_of(units.begin(), units.end(), [&](int head) { return kv_of(head) == kv_head; });
  });
}

SiteLayout SiteLayout::without(const std::vector<int>& removed) const {
  std::vector<std::uint8_t> keep(units.size(), 1);
  for (const int unit : removed) {
    const int position = position_of(unit);
    check(position >= 0, "a unit is removed that is not there");
    keep[static_cast<std::size_t>(position)] = 0;
  }
  return kept(keep);
}

SiteLayout SiteLayout::kept(const std::vector<std::uint8_t>& keep) const {
  check(keep.size() == units.size(), "a choice among the units of another site");
  SiteLayout left = *this;
  left.units.clear();
  for (std::size_t i = 0; i < units.size(); ++i)
    if (keep[i] != 0) left.units.push_back(units[i]);
  std::erase_if(left.padding, [&left](int unit) { return left.position_of(unit) < 0; });
  left.drop_unread_kv_heads();
  return left;
}

const SiteLayout& Layout::at(Site site) const {
  const auto found = sites_.find(site);
  check(found != sites_.end(), "a site that the model does not have");
  return found->second;
}

SiteLayout& Layout::at(Site site) {
  const auto found = sites_.find(site);
  check(found != sites_.end(), "a site that the model does not have");
  return found->second;
}

std::vector<Site> Layout::sites(SiteKind kind) const {
  std::vector<Site> result;
  for (const auto& [site, units] : sites_)
    if (site.kind == kind) result.push_back(site);
  return result;
}

std::int64_t Layout::count(SiteKind kind) const {
  std::int64_t count = 0;
  for (const auto& [site, layout] : sites_)
    if (site.kind == kind) count += layout.count();
  return count;
}

std::int64_t Layout::padding_count(SiteKind kind) const {
  std::int64_t count = 0;
  for (const auto& [site, layout] : sites_)
    if (site.kind == kind) count += std::ssize(layout.padding);
  return count;
}

}  // namespace hies::model
