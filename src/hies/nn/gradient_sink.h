#pragma once

#include <ATen/ATen.h>

#include "hies/model/spec.h"

namespace hies::nn {

// Takes what gradients of weights are made of, layer by layer in a backward pass: nn itself computes gradients of activations only.
class GradientSink {
 public:
  virtual ~GradientSink() = default;
  // A matrix that read the rows x [T, in], and the gradient of the loss by what it gave [T, out]; rows of padding have no gradient.
  virtual void matrix(const model::MatrixSpec& matrix, const at::Tensor& x, const at::Tensor& of_result) = 0;
};

}  // namespace hies::nn
