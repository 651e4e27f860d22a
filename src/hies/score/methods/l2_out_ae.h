#pragma once

#include "hies/score/methods/method.h"

namespace hies::score {

// L2-out in the place of HIS in Eq. 1 (App. D.9).
Method l2_out_ae_method();

}  // namespace hies::score
