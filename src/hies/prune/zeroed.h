#pragma once

#include <map>
#include <vector>

#include "hies/base/json.h"
#include "hies/model/checkpoint.h"

namespace hies::prune {

// By layer, original indices, ascending; layers without are absent.
using ZeroedHeads = std::map<int, std::vector<int>>;

// The heads of a checkpoint that is stored with all shapes (--keep-shapes) although their output is zero: "zeroed" of the `hies` block.
// Nothing that computes knows of them: to scores, plans and costs they are heads like others. Throws bad_input for a block that names
// heads that the checkpoint does not have.
ZeroedHeads zeroed_heads(const model::Checkpoint& checkpoint);

// How many there are.
int count(const ZeroedHeads& heads) noexcept;

}  // namespace hies::prune
