#include "hies/model/gpu_torch.h"

#include <c10/core/impl/VirtualGuardImpl.h>

#include "hies/base/error.h"
#include "hies/kernels/cuda/plugin.h"

namespace hies::model {
namespace {

using kernels::cuda::check_call;
using kernels::cuda::plugin;

const void* pointer(const at::Tensor& tensor) { return tensor.defined() ? tensor.const_data_ptr() : nullptr; }

hies_cuda_norm described(const GpuNorm& norm, const at::Tensor& x) {
  check(x.is_contiguous() && norm.weight.scalar_type() == x.scalar_type(), "rows and the weights of their norm differ");
  return {gpu_dtype(x.scalar_type()), x.numel() / x.size(-1), x.size(-1),
          pointer(norm.weight),        pointer(norm.bias),     norm.epsilon};
}

std::int32_t gpu_activation(Activation activation) {
  switch (activation) {
    case Activation::gelu: return HIES_CUDA_GELU;
    case Activation::gelu_tanh: return HIES_CUDA_GELU_TANH;
    case Activation::relu: return HIES_CUDA_RELU;
    case Activation::silu: return HIES_CUDA_SILU;
  }
  check(false, "unknown activation");
  return HIES_CUDA_SILU;
}

}  // namespace

void* gpu_stream() {
  const c10::impl::VirtualGuardImpl guard(at::kCUDA);
  return guard.getStream(at::Device(at::kCUDA, 0)).native_handle();
}

std::int32_t gpu_dtype(at::ScalarType type) {
  switch (type) {
    case at::kFloat: return HIES_CUDA_FLOAT32;
    case at::kBFloat16: return HIES_CUDA_BFLOAT16;
    default: check(false, "rows of an unexpected dtype on a GPU");
  }
  return HIES_CUDA_FLOAT32;
}

at::Tensor GpuNorm::forward(const at::Tensor& x, const at::Tensor& added) const {
  const hies_cuda_norm norm = described(*this, x);
  at::Tensor result = at::empty_like(x);
  check_call(plugin().norm_forward(&norm, x.data_ptr(), pointer(added), result.data_ptr(), gpu_stream()), "normalising");
  return result;
}

at::Tensor GpuNorm::backward(const at::Tensor& x, const at::Tensor& of_result, const at::Tensor& added) const {
  const hies_cuda_norm norm = described(*this, x);
  at::Tensor result = at::empty_like(x);
  check_call(plugin().norm_backward(&norm, x.const_data_ptr(), of_result.const_data_ptr(), pointer(added), result.data_ptr(),
                                    gpu_stream()),
             "normalising, backward");
  return result;
}

at::Tensor gpu_gated(Activation activation, const at::Tensor& both) {
  const std::int64_t rows = both.size(0), width = both.size(1) / 2;
  at::Tensor result = at::empty({rows, width}, both.options().requires_grad(false));
  check_call(plugin().gated(gpu_dtype(both.scalar_type()), gpu_activation(activation), both.const_data_ptr(), rows, width,
                            result.data_ptr(), gpu_stream()),
             "computing gated activations");
  return result;
}

at::Tensor gpu_gated_backward(Activation activation, const at::Tensor& both, const at::Tensor& of_result) {
  at::Tensor result = at::empty(both.sizes(), both.options().requires_grad(false));
  check_call(
      plugin().gated_backward(gpu_dtype(both.scalar_type()), gpu_activation(activation), both.const_data_ptr(),
                              of_result.const_data_ptr(), both.size(0), both.size(1) / 2, result.data_ptr(), gpu_stream()),
      "computing gradients of gated activations");
  return result;
}

}  // namespace hies::model
