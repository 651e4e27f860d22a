#pragma once

#include <ATen/ATen.h>

#include "hies/model/spec.h"

namespace hies::ops {

// LayerNorm, or RMSNorm: x / √(mean x² + epsilon) · weight (Zhang and Sennrich 2019), over the last dimension. Sums are kept in float32
// at least.
struct Norm {
  model::NormKind kind = model::NormKind::layer_norm;
  at::Tensor weight, bias;  // [E]; RMSNorm has no bias
  double epsilon = 0;

  // What a backward pass needs of a forward pass.
  struct Tape {
    at::Tensor x;           // what was normalised, `added` included
    at::Tensor mean, rstd;  // LayerNorm on the CPU
  };

  // Returns the norm of x + added (undefined: of x); the sum is left in x. Fills `tape` unless it is null.
  at::Tensor forward(at::Tensor x, const at::Tensor& added = {}, Tape* tape = nullptr) const;
  // Returns the gradient by what was normalised, plus `added` where that is given.
  at::Tensor backward(const Tape& tape, const at::Tensor& of_result, const at::Tensor& added = {}) const;
};

// Norm::forward and backward of RMSNorm on the CPU (norm_cpu.cpp) and of both kinds on a GPU (norm_cuda.cpp).
at::Tensor rms_norm_cpu(const Norm& norm, const at::Tensor& x);
at::Tensor rms_norm_gradient_cpu(const Norm& norm, const at::Tensor& x, const at::Tensor& of_result);
at::Tensor norm_cuda(const Norm& norm, const at::Tensor& x, const at::Tensor& added);
at::Tensor norm_gradient_cuda(const Norm& norm, const at::Tensor& x, const at::Tensor& of_result, const at::Tensor& added);

}  // namespace hies::ops
