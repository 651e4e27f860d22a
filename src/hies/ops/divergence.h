#pragma once

#include <ATen/ATen.h>

#include "hies/ops/linear.h"

namespace hies::ops {

// How far answers are from those of a reference, row by row: [R] float64, on the device of the rows.

// Returns the Kullback–Leibler divergences KL(reference ‖ other), in nats, of the distributions whose logits [R, V] these are.
at::Tensor kl_divergence(const at::Tensor& reference, const at::Tensor& other);
// Returns the same of a language model from its final states [R, E], some rows of logits over the vocabulary at a time.
at::Tensor token_kl_divergence(const Linear& vocabulary, const at::Tensor& reference, const at::Tensor& other);
// Returns the squared differences, summed over the columns of [R, V].
at::Tensor squared_difference(const at::Tensor& reference, const at::Tensor& other);
// Returns 1 − cosine of rows [R, E]. A row of zeros has the cosine 0.
at::Tensor cosine_distance(const at::Tensor& reference, const at::Tensor& other);

}  // namespace hies::ops
