#pragma once

#include <cstdint>

#include "hies/refit/gram_torch.h"
#include "hies/refit/solve_torch.h"

namespace hies::baseline {

// Returns a number m [U] for each unit, of `unit_size` inputs, that minimises ‖Σ_u m_u x_u V_u + 1cᵀ − Y‖² + λ‖m − 1‖², c fixed,
// λ = damping · the mean ‖x_u V_u‖² (mask tuning: Kwon et al. 2022, §4.3). `sums`: of the inputs X and Y; `matrix`: V and c. Float64.
at::Tensor unit_scales(const refit::Gram& sums, const refit::Affine& matrix, std::int64_t unit_size, double damping);

}  // namespace hies::baseline
