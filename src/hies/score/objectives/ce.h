#pragma once

#include "hies/score/objectives/objectives.h"

namespace hies::score {

// Cross-entropy −ln softmax(logits)[label], in nats. Labels: class ids.
ObjectiveKind ce() noexcept;

}  // namespace hies::score
