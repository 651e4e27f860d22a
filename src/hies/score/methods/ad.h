#pragma once

#include "hies/score/methods/method.h"

namespace hies::score {

// The paper's baseline AD (attention deficit): the keep-score is AE, so that the most concentrated heads are removed first.
Method ad_method();

}  // namespace hies::score
