#pragma once

#include "hies/score/objectives/objectives.h"

namespace hies::score {

// ½ ‖logits‖²: how much a head matters to the output as a whole. Needs no labels.
ObjectiveKind logit_norm() noexcept;

}  // namespace hies::score
