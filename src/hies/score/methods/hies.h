#pragma once

#include "hies/score/methods/method.h"

namespace hies::score {

// HIES (Eq. 1): alpha·HIS + (1 − alpha)·(1 − AE), each min–max normalised. alpha 1 ranks as his, alpha 0 keeps concentrated heads.
Method hies_method();

}  // namespace hies::score
