#pragma once

#include <cstdint>

#include <ATen/ATen.h>

namespace hies::refit {

// The sums over tokens that a least-squares fit of Y ≈ X V + 1cᵀ needs, in float64: XᵀX [W, W], XᵀY [W, E], sums of rows, ‖Y‖².
// Products of a few hundred rows are computed in the type of X and added in float64.
class Gram {
 public:
  Gram(std::int64_t inputs, std::int64_t outputs, at::Device device);
  // Adds the rows of x [T, W] and y [T, E].
  void add(const at::Tensor& x, const at::Tensor& y);

  std::int64_t rows = 0;
  at::Tensor xx, xy;        // [W, W], [W, E]
  at::Tensor x_sum, y_sum;  // [W], [E]
  at::Tensor yy;            // []
};

}  // namespace hies::refit
