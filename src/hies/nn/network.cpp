#include "hies/base/error.h"
#include "hies/model/network_torch.h"

namespace hies::model {
namespace {

template <class T>
at::Tensor view_of(std::span<const T> indices, at::ScalarType type) {
  // from_blob wants a pointer that it could write through; index tensors are only read.
  return at::from_blob(const_cast<T*>(indices.data()), {static_cast<std::int64_t>(indices.size())},
                       at::TensorOptions().dtype(type));
}

}  // namespace

at::Tensor index_tensor(std::span<const std::int32_t> indices) { return view_of(indices, at::kInt); }
at::Tensor index_tensor(std::span<const std::int64_t> indices) { return view_of(indices, at::kLong); }

at::Tensor activated(Activation activation, const at::Tensor& x) {
  switch (activation) {
    case Activation::gelu: return at::gelu(x);
    case Activation::gelu_tanh: return at::gelu(x, "tanh");
    case Activation::relu: return at::relu(x);
    case Activation::silu: return at::silu(x);
  }
  check(false, "unknown activation");
  return {};
}

at::Tensor activate(Activation activation, at::Tensor x) {
  // A graph needs x itself for the backward pass.
  if (x.requires_grad()) return activated(activation, x);
  switch (activation) {
    case Activation::gelu: return at::gelu_(x);
    case Activation::gelu_tanh: return at::gelu_(x, "tanh");
    case Activation::relu: return at::relu_(x);
    case Activation::silu: return at::silu_(x);
  }
  check(false, "unknown activation");
  return {};
}

at::Tensor activation_gradient(Activation activation, const at::Tensor& of_result, const at::Tensor& x) {
  switch (activation) {
    case Activation::gelu: return at::gelu_backward(of_result, x);
    case Activation::gelu_tanh: return at::gelu_backward(of_result, x, "tanh");
    case Activation::relu: return at::threshold_backward(of_result, x, 0);
    case Activation::silu: return at::silu_backward(of_result, x);
  }
  check(false, "unknown activation");
  return {};
}

}  // namespace hies::model
