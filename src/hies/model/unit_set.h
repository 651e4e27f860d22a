#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "hies/base/json.h"
#include "hies/model/layout.h"
#include "hies/model/unit_table.h"

namespace hies::model {

// A set of units over sites, by their original indices: what a plan removes, what a mask leaves out, what a record is of.
class UnitSet {
 public:
  using Sites = std::map<Site, std::vector<int>>;  // indices ascending, no row empty

  // Adds units, which may be there already and come in any order.
  void insert(Site site, int unit) { insert(site, std::vector<int>{unit}); }
  void insert(Site site, const std::vector<int>& units);
  void insert(const UnitSet& other);

  bool contains(Site site, int unit) const;
  // Returns the units of that site, ascending; none where the set has nothing of the site.
  const std::vector<int>& at(Site site) const;
  bool empty() const noexcept { return sites_.empty(); }
  std::int64_t count() const noexcept;
  std::int64_t count(SiteKind kind) const noexcept;
  // Returns whether every unit of `other` is in this set.
  bool includes(const UnitSet& other) const;
  // Return the units of this set that are of the kind, or of the layer, or not in `other`.
  UnitSet of(SiteKind kind) const;
  UnitSet of_layer(int layer) const;
  UnitSet without(const UnitSet& other) const;

  // Returns the canonical text, e.g. "attention.0:1,5-7 ffn.3:0-511": sites in their order, runs of two and more as ranges. Empty for
  // the empty set. Equal sets have equal texts.
  std::string text() const;
  // Reads what text() writes; numbers and sites may come in any order. Throws bad_input that quotes what it cannot read.
  static UnitSet parse(std::string_view text);
  // Returns XXH3-128 of text(), 32 hexadecimal digits.
  std::string hash() const;

  Sites::const_iterator begin() const noexcept { return sites_.begin(); }
  Sites::const_iterator end() const noexcept { return sites_.end(); }
  auto operator<=>(const UnitSet&) const = default;  // NOLINT(modernize-use-nullptr): clang-tidy 14 sees a pointer here

 private:
  Sites sites_;
};

// Return the ranges of one site as text ("1,5-7") and back. Throws bad_input that quotes what it cannot read.
std::string range_text(const std::vector<int>& units);
std::vector<int> parse_ranges(std::string_view text);

// {"attention": {"0": "1,5-7"}, "ffn": {"3": "0-511"}}: kinds that are absent lose nothing.
Json to_json(const UnitSet& set);
// Reads what to_json writes, and lists of numbers in the place of a text. Throws bad_input that names `where` and the key; `key` is
// that of `json` itself.
UnitSet unit_set_from_json(const Json& json, std::string_view where, std::string_view key = {});

// Returns whether the first unit, in the order of sites and indices, that only one of the sets has is in `a`; false for equal sets.
// As an order of masks it makes neighbours of those that are equal in their first layers.
bool has_first_difference(const UnitSet& a, const UnitSet& b);

// Returns a row for each site of which `removed` has units: 0 for those, 1 for the others. Throws internal for units that are not
// present.
Gates gates_without(const UnitSet& removed, const Layout& layout);
// Returns the units whose gates are 0. Throws internal where a gate is neither 0 nor 1.
UnitSet removed_by(const Gates& gates, const Layout& layout);

}  // namespace hies::model
