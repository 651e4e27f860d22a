#include "hies/ops/cuda.h"

#include <c10/core/impl/VirtualGuardImpl.h>

#include "hies/base/error.h"
#include "hies/kernels/cuda/plugin.h"

namespace hies::ops {
namespace {

using kernels::cuda::check_call;
using kernels::cuda::plugin;

std::int32_t cuda_activation(model::Activation kind) {
  switch (kind) {
    case model::Activation::gelu: return HIES_CUDA_GELU;
    case model::Activation::gelu_tanh: return HIES_CUDA_GELU_TANH;
    case model::Activation::relu: return HIES_CUDA_RELU;
    case model::Activation::silu: return HIES_CUDA_SILU;
    case model::Activation::none:
    case model::Activation::tanh: break;
  }
  check(false, "an activation that no gated network has");
  return HIES_CUDA_SILU;
}

}  // namespace

void* cuda_stream(at::Device device) {
  const c10::impl::VirtualGuardImpl guard(at::kCUDA);
  return guard.getStream(device).native_handle();
}

std::int32_t cuda_dtype(at::ScalarType type) {
  switch (type) {
    case at::kFloat: return HIES_CUDA_FLOAT32;
    case at::kBFloat16: return HIES_CUDA_BFLOAT16;
    default: check(false, "rows of an unexpected dtype on a GPU");
  }
  return HIES_CUDA_FLOAT32;
}

at::Tensor cuda_gated_activation(model::Activation kind, const at::Tensor& both) {
  const std::int64_t rows = both.size(0), width = both.size(1) / 2;
  at::Tensor result = at::empty({rows, width}, both.options());
  check_call(plugin().gated(cuda_dtype(both.scalar_type()), cuda_activation(kind), both.const_data_ptr(), rows, width,
                            result.data_ptr(), cuda_stream(both.device())),
             "computing gated activations");
  return result;
}

at::Tensor cuda_gated_activation_gradient(model::Activation kind, const at::Tensor& of_result, const at::Tensor& both) {
  at::Tensor result = at::empty(both.sizes(), both.options());
  check_call(plugin().gated_backward(cuda_dtype(both.scalar_type()), cuda_activation(kind), both.const_data_ptr(),
                                     of_result.contiguous().const_data_ptr(), both.size(0), both.size(1) / 2, result.data_ptr(),
                                     cuda_stream(both.device())),
             "computing gradients of gated activations");
  return result;
}

}  // namespace hies::ops
