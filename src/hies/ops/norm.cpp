#include "hies/ops/norm.h"

#include <tuple>

namespace hies::ops {

at::Tensor Norm::forward(at::Tensor x, const at::Tensor& added, Tape* tape) const {
  if (x.is_cuda()) {
    if (!added.defined()) x = x.contiguous();  // rows of keys lie between those of values
    at::Tensor result = norm_cuda(*this, x, added);
    if (tape != nullptr) tape->x = std::move(x);
    return result;
  }
  if (added.defined()) x.add_(added);
  if (kind == model::NormKind::rms_norm) {
    const at::Tensor rows = x.contiguous();
    if (tape != nullptr) tape->x = rows;
    return rms_norm_cpu(*this, rows);
  }
  if (tape == nullptr) return at::layer_norm(x, weight.sizes(), weight, bias, epsilon);
  at::Tensor result;
  std::tie(result, tape->mean, tape->rstd) = at::native_layer_norm(x, weight.sizes(), weight, bias, epsilon);
  tape->x = std::move(x);
  return result;
}

at::Tensor Norm::backward(const Tape& tape, const at::Tensor& of_result, const at::Tensor& added) const {
  if (tape.x.is_cuda()) return norm_gradient_cuda(*this, tape.x, of_result.contiguous(), added);
  at::Tensor result;
  if (kind == model::NormKind::rms_norm) {
    result = rms_norm_gradient_cpu(*this, tape.x, of_result.contiguous());
  } else {
    result = std::get<0>(at::native_layer_norm_backward(of_result, tape.x, weight.sizes(), tape.mean, tape.rstd, weight, bias,
                                                        {true, false, false}));
  }
  return added.defined() ? result.add_(added) : result;
}

}  // namespace hies::ops
