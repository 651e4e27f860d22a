#pragma once

#include <string_view>
#include <vector>

#include "hies/model/unit_table.h"

namespace hies::model {

// Which heads are removed or kept together. Neurons are always removed one by one.
enum class UnitKind {
  head,      // any query head
  kv_group,  // a KV head with all query heads that read it
  even,      // one query head of each KV head of a layer
};

// Returns the kind of that name: "head", "kv-group" or "even". Throws bad_input for another name.
UnitKind parse_unit_kind(std::string_view name);
// Returns the name that parse_unit_kind reads.
std::string_view unit_name(UnitKind kind) noexcept;
// Returns kv_group where query heads share KV heads, else head.
UnitKind default_unit_kind(const Layout& layout) noexcept;
// Returns the kind of that name; for an empty name the default. Throws what parse_unit_kind throws.
UnitKind chosen_unit_kind(std::string_view name, const Layout& layout);

// What is removed together at a site: original indices, ascending. The groups of a site stand in the order of their first members,
// and each unit that is present and no padding is in one.
using UnitGroups = UnitTable<std::vector<int>>;

// Returns the groups of every site of `sites`. `keep_scores` has a value for each unit that is present and no padding, higher = keep;
// only UnitKind::even reads it: the lowest heads of a layer's KV groups are removed together, then the second lowest, and so on.
// Throws bad_input where `even` finds KV groups of different sizes in a layer.
UnitGroups make_units(const Layout& layout, SiteKind sites, UnitKind kind, const UnitTable<double>& keep_scores = {});

}  // namespace hies::model
