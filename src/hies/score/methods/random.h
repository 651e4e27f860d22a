#pragma once

#include "hies/score/methods/method.h"

namespace hies::score {

// Uniform in [0, 1). A head's draw depends on the seed and its place in the original model, not on what is pruned already.
Method random_method();

}  // namespace hies::score
