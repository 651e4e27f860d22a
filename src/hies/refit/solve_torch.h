#pragma once

#include "hies/refit/gram_torch.h"

namespace hies::refit {

// An output matrix V [W, E] and its bias c [E], undefined where the family has none; float64.
struct Affine {
  at::Tensor matrix, bias;
};

// Returns ‖X V + 1cᵀ − Y‖², from the sums alone.
double residual_error(const Gram& gram, const Affine& affine);

struct Solution {
  Affine affine;
  double damping = 0;  // what it took: more than asked for where the matrix was not positive definite
};

// Returns what minimises ‖X V + 1cᵀ − Y‖² + λ‖V − V₀‖², λ = damping · tr(XᵀX)/W, over V and, where `before` has one, c, which is free
// (REFIT: ridge regression towards the old matrix V₀). Throws bad_input where a sum is not finite.
Solution solve(const Gram& gram, const Affine& before, double damping);

}  // namespace hies::refit
