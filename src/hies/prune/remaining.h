#pragma once

#include <vector>

#include "hies/model/layout.h"
#include "hies/model/unit_set.h"

namespace hies::prune {

// Returns what the site has when the units `removed` (original indices, present) are removed. A KV head is removed with the last of
// its query heads. Where query heads share KV heads, every other program wants as many of them for each KV head: KV heads that are
// left with fewer than others keep some removed heads, lowest first, as padding.
model::SiteLayout remaining(const model::SiteLayout& site, const std::vector<int>& removed);
// Returns the same of every site.
model::Layout remaining(const model::Layout& layout, const model::UnitSet& removed);

// Returns the units of the original model that are absent or padding.
model::UnitSet removed_so_far(const model::Layout& layout);

}  // namespace hies::prune
