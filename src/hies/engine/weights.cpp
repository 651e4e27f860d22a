#include <exception>
#include <vector>

#include "hies/base/error.h"
#include "hies/formats/float_conversion.h"
#include "hies/kernels/parallel.h"
#include "hies/model/weights_torch.h"

namespace hies::model {
namespace {

at::ScalarType scalar_type(formats::DType dtype) {
  switch (dtype) {
    case formats::DType::float64: return at::kDouble;
    case formats::DType::float32: return at::kFloat;
    case formats::DType::float16: return at::kHalf;
    case formats::DType::bfloat16: return at::kBFloat16;
    default: break;
  }
  check(false, "a weight has no floating-point type");
  return at::kFloat;
}

at::Tensor mapped(const formats::TensorView& view) {
  // from_blob wants a pointer that it could write through. The mapping is read-only and weights are frozen.
  auto* data = const_cast<std::byte*>(view.bytes.data());
  return at::from_blob(data, view.shape, at::TensorOptions().dtype(scalar_type(view.dtype)));
}

bool aligned(const formats::TensorView& view) {
  return reinterpret_cast<std::uintptr_t>(view.bytes.data()) % formats::element_bytes(view.dtype) == 0;
}

// Reads every byte of the weights: on all threads, as that is most of the time that loading takes. Of several bad tensors the first
// is told.
void check_all_finite(const Checkpoint& checkpoint) {
  const auto& tensors = checkpoint.tensors();
  std::vector<std::exception_ptr> failures(tensors.size());
  double bytes = 0;
  for (const Checkpoint::Bound& bound : tensors)
    bytes += bound.view == nullptr ? 0 : static_cast<double>(bound.view->bytes.size());
  kernels::parallel_for(std::ssize(tensors), bytes, [&](std::int64_t item) {
    const auto i = static_cast<std::size_t>(item);
    try {
      if (tensors[i].view != nullptr) formats::check_finite(*tensors[i].view);
    } catch (const Error&) {
      failures[i] = std::current_exception();
    }
  });
  for (const std::exception_ptr& failure : failures)
    if (failure) std::rethrow_exception(failure);
}

}  // namespace

Weights::Weights(const Checkpoint& checkpoint, at::ScalarType type, Linear::Keep keep, at::Device device)
    : type_(type), keep_(std::move(keep)), device_(device), matrix_device_(keep_.offload ? at::Device(at::kCPU) : device) {
  check_all_finite(checkpoint);
  for (const Checkpoint::Bound& bound : checkpoint.tensors()) {
    Stored& stored = tensors_[bound.decl.name];
    stored.view = bound.view;
    if (bound.view == nullptr) stored.tensor = at::empty(bound.decl.shape, at::TensorOptions().dtype(type));  // without elements
    else stored.tensor = aligned(*bound.view) ? mapped(*bound.view) : mapped(*bound.view).clone();
    stored.set_aside();
  }
}

void Weights::Stored::set_aside() const {
  if (view != nullptr && view->mapping != nullptr) view->mapping->set_aside(view->bytes);
}

const Weights::Stored& Weights::stored(const std::string& name) const {
  const auto found = tensors_.find(name);
  check(found != tensors_.end(), "unknown weight " + name);
  return found->second;
}

at::Tensor Weights::get(const std::string& name) const { return stored(name).tensor.to(device_).to(type_); }

at::Tensor Weights::bias(const std::string& name) const {
  return tensors_.contains(name + ".bias") ? get(name + ".bias") : at::Tensor();
}

Linear Weights::matrix(const std::string& name, const at::Tensor& bias) const {
  const Stored& weight = stored(name);
  return {[tensor = weight.tensor, type = type_, device = matrix_device_] { return tensor.to(device).to(type); }, bias,
          [weight] { weight.set_aside(); }, keep_};
}

Linear Weights::linear(const std::string& name) const { return matrix(name + ".weight", bias(name)); }

Linear Weights::transposed(const std::string& name, std::int64_t begin, std::int64_t count) const {
  const Stored& weight = stored(name + ".weight");
  const at::Tensor all = bias(name);
  return {[part = weight.tensor.narrow(1, begin, count), type = type_, device = matrix_device_] {
            return part.to(device).t().to(type).contiguous();
          },
          all.defined() ? all.narrow(0, begin, count) : at::Tensor(), [weight] { weight.set_aside(); }, keep_};
}

}  // namespace hies::model
