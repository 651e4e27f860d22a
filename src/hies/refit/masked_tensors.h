#pragma once

#include "hies/arch/checkpoint.h"
#include "hies/formats/stored_tensor.h"
#include "hies/model/unit_set.h"

namespace hies::refit {

// Returns the output matrices of the sites that lose units, with zeros for what is removed, in the shapes of the whole checkpoint:
// Model::load with them gives the masked model without a mask, so that it can be scored.
formats::TensorMap masked_tensors(const arch::Checkpoint& checkpoint, const model::UnitSet& removed);

}  // namespace hies::refit
