#pragma once

#include <string>
#include <vector>

#include "hies/arch/checkpoint.h"
#include "hies/engine/weight_gradients.h"

namespace hies::score {

// Returns Σ |w·∂Loss/∂w| over the other axis for each index along `axis` of a matrix of the checkpoint, with summed gradients. Throws
// bad_input on NaN or infinity in a weight.
std::vector<double> taylor_along(const arch::Checkpoint& checkpoint, const engine::WeightGradients& gradients,
                                 const std::string& tensor, int axis);

}  // namespace hies::score
