#pragma once

#include <vector>

#include "hies/model/heads.h"

namespace hies::prune {

// What the layer has when the query heads `gone` (original indices, present) are removed. A KV head goes with the last of its query
// heads. Where query heads share KV heads, every other program wants as many of them for each KV head: KV heads that are left with
// fewer than others keep some removed heads, lowest first, as dead ones.
model::LayerHeads left_heads(const model::LayerHeads& layer, const std::vector<int>& gone);

}  // namespace hies::prune
