#pragma once

#include <cstdint>
#include <span>

namespace hies::score {

// ‖W‖₂, the largest singular value of W [rows, columns] (row-major), by power iteration on WᵀW from a fixed start. Stops when the
// residual ‖WᵀWv − σ²v‖ is below 1e-7 σ²; the relative error of σ is then below 1e-7, and far below where the largest singular
// value stands apart. 0 for a matrix without elements.
double spectral_norm(std::span<const double> matrix, std::int64_t rows, std::int64_t columns);

}  // namespace hies::score
