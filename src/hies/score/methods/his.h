#pragma once

#include "hies/score/methods/method.h"

namespace hies::score {

// HIS (Eq. 2): the head to which the loss reacts least is removed first.
Method his_method();

}  // namespace hies::score
