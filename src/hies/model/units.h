#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "hies/model/heads.h"

namespace hies::model {

// What goes or stays as a whole when heads are pruned (DESIGN §7).
enum class UnitKind {
  head,      // any query head
  kv_group,  // a KV head with all query heads that read it
  even,      // one query head of each KV head of a layer
};

// "head", "kv-group", "even". Throws bad_input.
UnitKind parse_unit_kind(std::string_view name);
std::string_view unit_name(UnitKind kind) noexcept;
// kv_group where query heads share KV heads; head elsewhere.
UnitKind default_unit_kind(const HeadLayout& layout) noexcept;
// The one of that name; empty: the default. Throws as parse_unit_kind does.
UnitKind chosen_unit_kind(std::string_view name, const HeadLayout& layout);

// [L][U]: the query heads of each unit, original indices, ascending. A layer's units stand in the order of their first heads; each
// head that is not dead is in one.
using UnitLayout = std::vector<std::vector<std::vector<int>>>;

// `keep_scores` [L][heads that are not dead], higher = keep, is for `even`: the lowest heads of a layer's groups make a unit, the
// second lowest another, and so on. Throws bad_input where `even` finds groups of different sizes in a layer.
UnitLayout make_units(const HeadLayout& layout, UnitKind kind, const HeadTable<double>& keep_scores = {});

}  // namespace hies::model
