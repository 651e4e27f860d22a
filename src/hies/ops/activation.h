#pragma once

#include <ATen/ATen.h>

#include "hies/model/spec.h"

namespace hies::ops {

// Returns the activation of x, in memory of its own.
at::Tensor activation(model::Activation kind, const at::Tensor& x);
// Returns the activation of x, in the memory of x.
at::Tensor activation_(model::Activation kind, at::Tensor x);
// Returns the gradient by x from that by the result.
at::Tensor activation_gradient(model::Activation kind, const at::Tensor& of_result, const at::Tensor& x);

// Returns activation(first half of the columns) · second half: `both` is [T, 2F], the result [T, F].
at::Tensor gated_activation(model::Activation kind, const at::Tensor& both);
// Returns the gradient [T, 2F] by both halves from that by the result [T, F].
at::Tensor gated_activation_gradient(model::Activation kind, const at::Tensor& of_result, const at::Tensor& both);

}  // namespace hies::ops
