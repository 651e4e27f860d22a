#include "hies/model/units.h"

#include <algorithm>
#include <array>
#include <utility>

#include "hies/base/error.h"
#include "hies/base/suggest.h"

namespace hies::model {
namespace {

using Heads = std::vector<int>;

constexpr std::array<std::pair<std::string_view, UnitKind>, 3> kKinds = {
    {{"head", UnitKind::head}, {"kv-group", UnitKind::kv_group}, {"even", UnitKind::even}}};

std::vector<Heads> single_heads(const LayerHeads& layer) {
  std::vector<Heads> units;
  for (const int head : layer.live()) units.push_back({head});
  return units;
}

std::vector<Heads> kv_groups(const LayerHeads& layer) {
  std::vector<Heads> units;
  for (const int head : layer.live()) {
    if (units.empty() || layer.kv_of(units.back().front()) != layer.kv_of(head)) units.emplace_back();
    units.back().push_back(head);
  }
  return units;
}

std::vector<Heads> even_heads(const LayerHeads& layer, std::size_t index, const std::vector<double>& keep_scores) {
  const Heads live = layer.live();
  check(keep_scores.size() == live.size(), "units are made of keep-scores for other heads");
  std::vector<Heads> groups = kv_groups(layer);
  if (groups.empty()) return {};
  const auto score = [&](int head) {
    return keep_scores[static_cast<std::size_t>(std::lower_bound(live.begin(), live.end(), head) - live.begin())];
  };
  for (Heads& group : groups) {
    if (group.size() != groups.front().size())
      throw Error(ErrorKind::bad_input,
                  fmt::format("units 'even' take one head of each KV group, but the groups of layer {} have {} and {} heads",
                              index, groups.front().size(), group.size()),
                  "use units kv-group or head for this model");
    std::stable_sort(group.begin(), group.end(), [&](int a, int b) { return score(a) < score(b); });
  }
  std::vector<Heads> units(groups.front().size());
  for (std::size_t rank = 0; rank < units.size(); ++rank)
    for (const Heads& group : groups) units[rank].push_back(group[rank]);
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

UnitKind default_unit_kind(const HeadLayout& layout) noexcept {
  const bool grouped = std::any_of(layout.begin(), layout.end(), [](const LayerHeads& layer) { return layer.grouped(); });
  return grouped ? UnitKind::kv_group : UnitKind::head;
}

UnitKind chosen_unit_kind(std::string_view name, const HeadLayout& layout) {
  return name.empty() ? default_unit_kind(layout) : parse_unit_kind(name);
}

UnitLayout make_units(const HeadLayout& layout, UnitKind kind, const HeadTable<double>& keep_scores) {
  UnitLayout units;
  for (std::size_t layer = 0; layer < layout.size(); ++layer) {
    switch (kind) {
      case UnitKind::head: units.push_back(single_heads(layout[layer])); break;
      case UnitKind::kv_group: units.push_back(kv_groups(layout[layer])); break;
      case UnitKind::even:
        check(keep_scores.size() == layout.size(), "units are made of keep-scores for other layers");
        units.push_back(even_heads(layout[layer], layer, keep_scores[layer]));
        break;
    }
  }
  return units;
}

}  // namespace hies::model
