#pragma once

#include "hies/score/methods/method.h"

namespace hies::score {

// Norm of the head's weights: the smallest is removed first.
Method l2_method();

}  // namespace hies::score
