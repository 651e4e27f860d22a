#pragma once

#include "hies/score/statistics/statistic.h"

namespace hies::score {

// The norm of the head's weights.
Statistic l2_statistic();

}  // namespace hies::score
