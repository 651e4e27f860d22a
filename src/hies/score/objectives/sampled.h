#pragma once

#include "hies/score/objectives/objectives.h"

namespace hies::score {

// The loss of answers that the model itself gives at random, which makes `fisher` the true Fisher information.
ObjectiveKind sampled() noexcept;

}  // namespace hies::score
