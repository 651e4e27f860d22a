#pragma once

#include <cstdint>
#include <vector>

#include "hies/refit/gram_torch.h"
#include "hies/refit/solve_torch.h"

namespace hies::baseline {

// Returns which `count` units of a site to remove, ascending, so that its own output changes little once the rows of the others are fitted
// anew: backward selection by ‖X W − X V₀‖² with the inverse of XᵀX (optimal brain surgeon for groups of rows: Hassibi et al. 1993, OSSCAR).
// `units`: of each the places of its inputs, all units of one size. Single inputs leave some at a time, larger units one after the
// other. `sums`: XᵀX and the sums of X; `whole`: V₀ [W, E], and a bias where that is fitted, too.
std::vector<std::size_t> obs_selected(const refit::Gram& sums, const refit::Affine& whole,
                                      const std::vector<std::vector<std::int64_t>>& units, std::size_t count, double damping);

// Returns the matrix of the kept `inputs` that comes nearest to the site's own output X V₀ + c₀: Y of `sums` is not read.
refit::Solution obs_fitted(const refit::Gram& sums, const refit::Affine& whole, const at::Tensor& inputs, double damping);

}  // namespace hies::baseline
