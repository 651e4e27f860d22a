#include "hies/model/unit_set.h"

#include <algorithm>
#include <charconv>

#include "hies/base/error.h"
#include "hies/base/hash.h"
#include "hies/base/json_node.h"

namespace hies::model {
namespace {

// More than any layer of any model has; a typing error in a range must not fill the memory.
constexpr int kGreatestUnit = (1 << 24) - 1;
constexpr int kGreatestLayer = (1 << 16) - 1;

int parse_number(std::string_view text, int greatest, std::string_view whole) {
  int number = -1;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() || number < 0 || number > greatest)
    bad_input("'{}' in '{}' is not a number 0 … {}", printable(text), printable(whole), greatest);
  return number;
}

// Calls `visit` with every part of `text` between separators that is not empty.
template <class Visit>
void split(std::string_view text, char separator, const Visit& visit) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    if (end > 0) visit(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

std::string_view trimmed(std::string_view text) {
  const auto begin = std::min(text.find_first_not_of(' '), text.size());
  text.remove_prefix(begin);
  return text.substr(0, text.find_last_not_of(' ') + 1);
}

std::vector<int> units_from_json(const JsonNode& node, const Json& json) {
  std::vector<int> units;
  if (json.is_array()) {
    node.each(node.list_size(), "units",
              [&](std::size_t, const JsonNode& unit) { units.push_back(static_cast<int>(unit.count(kGreatestUnit))); });
  } else {
    try {
      units = parse_ranges(node.text());
    } catch (const Error& error) {
      node.fail(std::string("is no list of units: ") + error.what());
    }
  }
  std::sort(units.begin(), units.end());
  const auto twice = std::adjacent_find(units.begin(), units.end());
  if (twice != units.end()) node.fail(fmt::format("names {} twice", *twice));
  return units;
}

}  // namespace

void UnitSet::insert(Site site, const std::vector<int>& units) {
  if (units.empty()) return;
  std::vector<int>& row = sites_[site];
  row.insert(row.end(), units.begin(), units.end());
  std::sort(row.begin(), row.end());
  row.erase(std::unique(row.begin(), row.end()), row.end());
}

void UnitSet::insert(const UnitSet& other) {
  for (const auto& [site, units] : other) insert(site, units);
}

bool UnitSet::contains(Site site, int unit) const {
  const std::vector<int>& row = at(site);
  return std::binary_search(row.begin(), row.end(), unit);
}

const std::vector<int>& UnitSet::at(Site site) const {
  static const std::vector<int> nothing;
  const auto found = sites_.find(site);
  return found == sites_.end() ? nothing : found->second;
}

std::int64_t UnitSet::count() const noexcept {
  std::int64_t count = 0;
  for (const auto& [site, units] : sites_) count += std::ssize(units);
  return count;
}

std::int64_t UnitSet::count(SiteKind kind) const noexcept {
  std::int64_t count = 0;
  for (const auto& [site, units] : sites_)
    if (site.kind == kind) count += std::ssize(units);
  return count;
}

bool UnitSet::includes(const UnitSet& other) const {
  return std::all_of(other.begin(), other.end(), [this](const auto& entry) {
    const std::vector<int>& mine = at(entry.first);
    return std::includes(mine.begin(), mine.end(), entry.second.begin(), entry.second.end());
  });
}

UnitSet UnitSet::of(SiteKind kind) const {
  UnitSet part;
  for (const auto& [site, units] : sites_)
    if (site.kind == kind) part.sites_[site] = units;
  return part;
}

UnitSet UnitSet::of_layer(int layer) const {
  UnitSet part;
  for (const auto& [site, units] : sites_)
    if (site.layer == layer) part.sites_[site] = units;
  return part;
}

UnitSet UnitSet::without(const UnitSet& other) const {
  UnitSet left;
  for (const auto& [site, units] : sites_) {
    const std::vector<int>& theirs = other.at(site);
    std::vector<int> mine;
    std::set_difference(units.begin(), units.end(), theirs.begin(), theirs.end(), std::back_inserter(mine));
    left.insert(site, mine);
  }
  return left;
}

std::string UnitSet::text() const {
  std::string text;
  for (const auto& [site, units] : sites_)
    text += fmt::format("{}{}.{}:{}", text.empty() ? "" : " ", site_kind_name(site.kind), site.layer, range_text(units));
  return text;
}

UnitSet UnitSet::parse(std::string_view text) {
  UnitSet set;
  split(text, ' ', [&](std::string_view part) {
    const std::size_t colon = part.find(':'), dot = part.find('.');
    if (colon == std::string_view::npos || dot > colon)
      bad_input("'{}' is not KIND.LAYER:UNITS, like attention.0:1,5-7", printable(part));
    const SiteKind kind = parse_site_kind(part.substr(0, dot));
    const int layer = parse_number(part.substr(dot + 1, colon - dot - 1), kGreatestLayer, part);
    set.insert(Site{layer, kind}, parse_ranges(part.substr(colon + 1)));
  });
  return set;
}

std::string UnitSet::hash() const { return Hasher().update(text()).hex(); }

std::string range_text(const std::vector<int>& units) {
  std::string text;
  for (std::size_t i = 0; i < units.size();) {
    std::size_t last = i;
    while (last + 1 < units.size() && units[last + 1] == units[last] + 1) ++last;
    text += fmt::format("{}{}", text.empty() ? "" : ",", units[i]);
    if (last > i) text += fmt::format("-{}", units[last]);
    i = last + 1;
  }
  return text;
}

std::vector<int> parse_ranges(std::string_view text) {
  std::vector<int> units;
  split(text, ',', [&](std::string_view given) {
    const std::string_view part = trimmed(given);
    const std::size_t dash = part.find('-');
    const int first = parse_number(part.substr(0, dash), kGreatestUnit, text);
    const int last = dash == std::string_view::npos ? first : parse_number(part.substr(dash + 1), kGreatestUnit, text);
    if (last < first) bad_input("the range '{}' runs backwards", printable(part));
    for (int unit = first; unit <= last; ++unit) units.push_back(unit);
  });
  return units;
}

Json to_json(const UnitSet& set) {
  Json json = Json::object();
  for (const auto& [site, units] : set)
    json[std::string(site_kind_name(site.kind))][std::to_string(site.layer)] = range_text(units);
  return json;
}

UnitSet unit_set_from_json(const Json& json, std::string_view where, std::string_view key) {
  const JsonNode root(json, where, std::string(key));
  UnitSet set;
  for (const auto& [kind, layers] : root.object().items()) {
    const JsonNode by_layer = root.member(kind);
    SiteKind parsed = SiteKind::attention;
    try {
      parsed = parse_site_kind(kind);
    } catch (const Error& error) {
      throw Error(ErrorKind::bad_input, fmt::format("{}: {}", where, error.what()), error.hint());
    }
    for (const auto& [layer, units] : by_layer.object().items()) {
      if (layer.empty() || layer.size() > 5 || layer.find_first_not_of("0123456789") != std::string::npos)
        by_layer.fail(fmt::format("has '{}' in the place of a layer's number", printable(layer)));
      set.insert(Site{std::stoi(layer), parsed}, units_from_json(by_layer.member(layer), units));
    }
  }
  return set;
}

bool has_first_difference(const UnitSet& a, const UnitSet& b) {
  const UnitSet only_a = a.without(b), only_b = b.without(a);
  if (only_a.empty() || only_b.empty()) return !only_a.empty();
  const auto first = [](const UnitSet& set) { return std::pair(set.begin()->first, set.begin()->second.front()); };
  return first(only_a) < first(only_b);
}

Gates gates_without(const UnitSet& removed, const Layout& layout) {
  Gates gates;
  for (const auto& [site, units] : removed) {
    const SiteLayout& present = layout.at(site);
    std::vector<double>& row = gates[site];
    row.assign(present.units.size(), 1.0);
    for (const int unit : units) {
      const int position = present.position_of(unit);
      check(position >= 0, "a mask removes a unit that the model does not have");
      row[static_cast<std::size_t>(position)] = 0;
    }
  }
  return gates;
}

UnitSet removed_by(const Gates& gates, const Layout& layout) {
  UnitSet removed;
  for (const auto& [site, row] : gates) {
    const SiteLayout& present = layout.at(site);
    check(row.size() == present.units.size(), "gates for another number of units");
    std::vector<int> units;
    for (std::size_t i = 0; i < row.size(); ++i) {
      check(row[i] == 0 || row[i] == 1, "a mask has a gate that is neither 0 nor 1");
      if (row[i] == 0) units.push_back(present.units[i]);
    }
    removed.insert(site, units);
  }
  return removed;
}

}  // namespace hies::model
