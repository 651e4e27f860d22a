#pragma once

#include <cstdint>

#include <ATen/ATen.h>

#include "hies/model/spec.h"

// What torch's operators and the plug-in's kernels share on a GPU, and the plug-in's kernels on tensors.
namespace hies::model {

// The stream that torch's operators run on in this thread.
void* gpu_stream();
// enum hies_cuda_dtype.
std::int32_t gpu_dtype(at::ScalarType type);

// The norm of rows: with a bias the layer norm, without (undefined) that of the mean square.
struct GpuNorm {
  at::Tensor weight, bias;  // [E]
  double epsilon = 0;

  // Of x + added (undefined: of x). The sum is left in x.
  at::Tensor forward(const at::Tensor& x, const at::Tensor& added = {}) const;
  // The gradient by x, which must be what forward() left there; plus `added` where it is given.
  at::Tensor backward(const at::Tensor& x, const at::Tensor& of_result, const at::Tensor& added = {}) const;
};

// f(first half of the columns) · second half, and the gradient by both.
at::Tensor gpu_gated(Activation activation, const at::Tensor& both);
at::Tensor gpu_gated_backward(Activation activation, const at::Tensor& both, const at::Tensor& of_result);

}  // namespace hies::model
