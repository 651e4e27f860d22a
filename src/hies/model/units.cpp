#include "hies/model/units.h"

#include <algorithm>
#include <array>
#include <utility>

#include "hies/base/error.h"
#include "hies/base/suggest.h"

namespace hies::model {
namespace {

using Units = std::vector<int>;

constexpr std::array<std::pair<std::string_view, UnitKind>, 3> kKinds = {
    {{"head", UnitKind::head}, {"kv-group", UnitKind::kv_group}, {"even", UnitKind::even}}};

std::vector<Units> single_units(const SiteLayout& site) {
  std::vector<Units> groups;
  for (const int unit : site.active()) groups.push_back({unit});
  return groups;
}

std::vector<Units> kv_groups(const SiteLayout& site) {
  std::vector<Units> groups;
  for (const int head : site.active()) {
    if (groups.empty() || site.kv_of(groups.back().front()) != site.kv_of(head)) groups.emplace_back();
    groups.back().push_back(head);
  }
  return groups;
}

std::vector<Units> even_heads(const SiteLayout& site, int layer, const std::vector<double>& keep_scores) {
  const Units active = site.active();
  check(keep_scores.size() == active.size(), "units are made of keep-scores for other heads");
  std::vector<Units> by_kv_head = kv_groups(site);
  if (by_kv_head.empty()) return {};
  const auto score = [&](int head) {
    return keep_scores[static_cast<std::size_t>(std::lower_bound(active.begin(), active.end(), head) - active.begin())];
  };
  for (Units& group : by_kv_head) {
    if (group.size() != by_kv_head.front().size())
      throw Error(ErrorKind::bad_input,
                  fmt::format("units 'even' take one head of each KV group, but the groups of layer {} have {} and {} heads",
                              layer, by_kv_head.front().size(), group.size()),
                  "use units kv-group or head for this model");
    std::stable_sort(group.begin(), group.end(), [&](int a, int b) { return score(a) < score(b); });
  }
  std::vector<Units> units(by_kv_head.front().size());
  for (std::size_t rank = 0; rank < units.size(); ++rank)
    for (const Units& group : by_kv_head) units[rank].push_back(group[rank]);
  std::sort(units.begin(), units.end());
  return units;
}

}  // namespace

UnitKind parse_unit_kind(std::string_view name) {
  std::vector<std::string> names;
  for (const auto& [known, kind] : kKinds) {
    if (known == name) return kind;
    names.emplace_back(known);
  }
  throw Error(ErrorKind::bad_input, fmt::format("unknown units '{}'", printable(name)), known_names_hint(name, names));
}

std::string_view unit_name(UnitKind kind) noexcept {
  for (const auto& [name, known] : kKinds)
    if (known == kind) return name;
  return "";
}

UnitKind default_unit_kind(const Layout& layout) noexcept {
  const bool grouped = std::any_of(layout.begin(), layout.end(), [](const auto& entry) { return entry.second.grouped(); });
  return grouped ? UnitKind::kv_group : UnitKind::head;
}

UnitKind chosen_unit_kind(std::string_view name, const Layout& layout) {
  return name.empty() ? default_unit_kind(layout) : parse_unit_kind(name);
}

UnitGroups make_units(const Layout& layout, SiteKind sites, UnitKind kind, const UnitTable<double>& keep_scores) {
  UnitGroups groups;
  for (const auto& [site, present] : layout) {
    if (site.kind != sites) continue;
    if (kind == UnitKind::head || sites == SiteKind::ffn) groups[site] = single_units(present);
    else if (kind == UnitKind::kv_group) groups[site] = kv_groups(present);
    else groups[site] = even_heads(present, site.layer, keep_scores.at(site));
  }
  return groups;
}

}  // namespace hies::model
