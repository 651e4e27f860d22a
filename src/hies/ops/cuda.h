#pragma once

#include <cstdint>

#include <ATen/ATen.h>

#include "hies/model/spec.h"

// What the operators share where tensors are on a GPU.
namespace hies::ops {

// Returns the stream of `device` that torch's operators run on in this thread.
void* cuda_stream(at::Device device);
// Returns the element type in the plug-in's enum hies_cuda_dtype. Throws internal for one that no kernel takes.
std::int32_t cuda_dtype(at::ScalarType type);

// gated_activation() and its gradient by the plug-in's kernels.
at::Tensor cuda_gated_activation(model::Activation kind, const at::Tensor& both);
at::Tensor cuda_gated_activation_gradient(model::Activation kind, const at::Tensor& of_result, const at::Tensor& both);

}  // namespace hies::ops
