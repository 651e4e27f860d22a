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

at::Tensor activate(Activation activation, at::Tensor x) {
  // A graph needs x itself for the backward pass.
  const bool in_place = !x.requires_grad();
  switch (activation) {
    case Activation::gelu: return in_place ? at::gelu_(x) : at::gelu(x);
    case Activation::gelu_tanh: return in_place ? at::gelu_(x, "tanh") : at::gelu(x, "tanh");
    case Activation::relu: return in_place ? at::relu_(x) : at::relu(x);
    case Activation::silu: return in_place ? at::silu_(x) : at::silu(x);
  }
  check(false, "unknown activation");
  return {};
}

}  // namespace hies::model
