#pragma once

#include "hies/score/objectives/objectives.h"

namespace hies::score {

// Squared error (logit − label)² of a single logit: torch's MSELoss, per example. Labels: the numbers to predict.
ObjectiveKind mse() noexcept;

}  // namespace hies::score
