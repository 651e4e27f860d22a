#include "hies/ops/activation.h"

#include "hies/base/error.h"
#include "hies/ops/cuda.h"

namespace hies::ops {

using model::Activation;

at::Tensor activation(Activation kind, const at::Tensor& x) {
  switch (kind) {
    case Activation::none: return x;
    case Activation::gelu: return at::gelu(x);
    case Activation::gelu_tanh: return at::gelu(x, "tanh");
    case Activation::relu: return at::relu(x);
    case Activation::silu: return at::silu(x);
    case Activation::tanh: return at::tanh(x);
  }
  check(false, "unknown activation");
  return {};
}

at::Tensor activation_(Activation kind, at::Tensor x) {
  switch (kind) {
    case Activation::none: return x;
    case Activation::gelu: return at::gelu_(x);
    case Activation::gelu_tanh: return at::gelu_(x, "tanh");
    case Activation::relu: return at::relu_(x);
    case Activation::silu: return at::silu_(x);
    case Activation::tanh: return at::tanh_(x);
  }
  check(false, "unknown activation");
  return {};
}

at::Tensor activation_gradient(Activation kind, const at::Tensor& of_result, const at::Tensor& x) {
  switch (kind) {
    case Activation::none: return of_result;
    case Activation::gelu: return at::gelu_backward(of_result, x);
    case Activation::gelu_tanh: return at::gelu_backward(of_result, x, "tanh");
    case Activation::relu: return at::threshold_backward(of_result, x, 0);
    case Activation::silu: return at::silu_backward(of_result, x);
    case Activation::tanh: return at::tanh_backward(of_result, at::tanh(x));
  }
  check(false, "unknown activation");
  return {};
}

at::Tensor gated_activation(Activation kind, const at::Tensor& both) {
  if (both.is_cuda()) return cuda_gated_activation(kind, both);
  const std::vector<at::Tensor> halves = both.chunk(2, 1);
  return activation(kind, halves[0]).mul_(halves[1]);
}

at::Tensor gated_activation_gradient(Activation kind, const at::Tensor& of_result, const at::Tensor& both) {
  if (both.is_cuda()) return cuda_gated_activation_gradient(kind, of_result, both);
  at::Tensor result = at::empty_like(both);
  const std::vector<at::Tensor> halves = both.chunk(2, 1), parts = result.chunk(2, 1);
  parts[0].copy_(activation_gradient(kind, of_result * halves[1], halves[0]));
  at::mul_out(const_cast<at::Tensor&>(parts[1]), of_result, activation(kind, halves[0]));
  return result;
}

}  // namespace hies::ops
