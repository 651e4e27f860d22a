#include "hies/ops/tensors.h"

namespace hies::ops {
namespace {

template <class T>
at::Tensor view_of(std::span<const T> indices, at::ScalarType type) {
  // from_blob takes a pointer that it could write through; index tensors are only read.
  return at::from_blob(const_cast<T*>(indices.data()), {static_cast<std::int64_t>(indices.size())},
                       at::TensorOptions().dtype(type));
}

}  // namespace

at::Tensor to_device(const at::Tensor& tensor, at::Device device) {
  if (!device.is_cuda() || !tensor.is_cpu()) return tensor.to(device);
  return tensor.pin_memory().to(device, tensor.scalar_type(), /*non_blocking=*/true);
}

at::Tensor index_tensor(std::span<const std::int32_t> indices) { return view_of(indices, at::kInt); }
at::Tensor index_tensor(std::span<const std::int64_t> indices) { return view_of(indices, at::kLong); }

}  // namespace hies::ops
