#pragma once

#include "hies/score/objectives/objectives.h"

namespace hies::score {

// Cross-entropy against the class that the logits themselves favour (the lowest of equals): at full gates, the model's own
// answer. Needs no labels.
ObjectiveKind pseudo_label() noexcept;

}  // namespace hies::score
