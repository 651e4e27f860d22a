#pragma once

#include "hies/score/methods/method.h"

namespace hies::score {

// Norm of the head's output (App. D.9): the smallest is removed first.
Method l2_out_method();

}  // namespace hies::score
