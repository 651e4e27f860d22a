#pragma once

#include "hies/score/methods/method.h"

namespace hies::score {

// The terms of the bound on the loss increase (Eq. 3, 4): E|⟨∇L, A⟩| (not averaged over tokens) + (β/2)·E‖A‖²_F,
// β = c·‖W_O‖₂² with the spectral norm of the layer's output projection. c is the curvature of the loss in its logits: ½ for a
// softmax of any number of labels (with two, ½ is reached at p = ½; the ¼ of Eq. 4 is for one logit under a sigmoid, which no loss
// here has), 2 for the squared error, 1 for logit-norm.
Method second_order_method();

}  // namespace hies::score
