#include "hies/base/error.h"
#include "hies/kernels/cuda/plugin.h"
#include "hies/ops/cuda.h"
#include "hies/ops/norm.h"

namespace hies::ops {
namespace {

using kernels::cuda::check_call;
using kernels::cuda::plugin;

const void* pointer(const at::Tensor& tensor) { return tensor.defined() ? tensor.const_data_ptr() : nullptr; }

// Describes the norm to the plug-in, for which a norm without bias is RMSNorm.
hies_cuda_norm described(const Norm& norm, const at::Tensor& x) {
  check(x.is_contiguous() && norm.weight.scalar_type() == x.scalar_type(), "rows and the weights of their norm differ");
  return {cuda_dtype(x.scalar_type()), x.numel() / x.size(-1), x.size(-1),
          pointer(norm.weight),        pointer(norm.bias),     norm.epsilon};
}

}  // namespace

at::Tensor norm_cuda(const Norm& norm, const at::Tensor& x, const at::Tensor& added) {
  const hies_cuda_norm call = described(norm, x);
  at::Tensor result = at::empty_like(x);
  check_call(plugin().norm_forward(&call, x.data_ptr(), pointer(added), result.data_ptr(), cuda_stream(x.device())),
             "normalising");
  return result;
}

at::Tensor norm_gradient_cuda(const Norm& norm, const at::Tensor& x, const at::Tensor& of_result, const at::Tensor& added) {
  const hies_cuda_norm call = described(norm, x);
  at::Tensor result = at::empty_like(x);
  check_call(plugin().norm_backward(&call, x.const_data_ptr(), of_result.const_data_ptr(), pointer(added), result.data_ptr(),
                                    cuda_stream(x.device())),
             "normalising, backward");
  return result;
}

}  // namespace hies::ops
