#pragma once

#include "hies/arch/checkpoint.h"
#include "hies/model/unit_set.h"

namespace hies::prune {

// Returns the units of a checkpoint that is stored with all shapes (--keep-shapes) although their output is zero: "zeroed" of the
// `hies` block. Nothing that computes knows of them: to scores, plans and costs they are units like others. Throws bad_input for a
// block that names units that the checkpoint does not have.
model::UnitSet zeroed_units(const arch::Checkpoint& checkpoint);

}  // namespace hies::prune
