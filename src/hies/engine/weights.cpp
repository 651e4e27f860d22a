#include <cstring>
#include <exception>
#include <vector>

#include "hies/base/error.h"
#include "hies/engine/weights_torch.h"
#include "hies/formats/float_conversion.h"
#include "hies/kernels/parallel.h"

namespace hies::engine {
at::ScalarType stored_type(formats::DType dtype) {
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

namespace {

at::Tensor mapped(const formats::TensorView& view) {
  // from_blob takes a pointer that it could write through. The mapping is read-only and weights are frozen.
  auto* data = const_cast<std::byte*>(view.bytes.data());
  return at::from_blob(data, view.shape, at::TensorOptions().dtype(stored_type(view.dtype)));
}

at::Tensor in_memory(const formats::StoredTensor& tensor) {
  at::Tensor copy = at::empty(tensor.shape, at::TensorOptions().dtype(stored_type(tensor.dtype)));
  check(copy.nbytes() == tensor.bytes.size(), "a weight's substitute has another size");
  std::memcpy(copy.data_ptr(), tensor.bytes.data(), tensor.bytes.size());
  return copy;
}

bool aligned(const formats::TensorView& view) {
  return reinterpret_cast<std::uintptr_t>(view.bytes.data()) % formats::element_bytes(view.dtype) == 0;
}

// Reads every byte of the weights, on all threads, since that is most of the time that loading takes. Of several bad tensors the first
// is reported.
void check_all_finite(const arch::Checkpoint& checkpoint) {
  const auto& tensors = checkpoint.tensors();
  std::vector<std::exception_ptr> failures(tensors.size());
  double bytes = 0;
  for (const arch::Checkpoint::Bound& bound : tensors)
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

CheckpointWeights::CheckpointWeights(const arch::Checkpoint& checkpoint, at::ScalarType type, ops::Linear::Keep keep,
                                     at::Device device, const formats::TensorMap& overrides)
    : type_(type), keep_(std::move(keep)), device_(device), matrix_device_(keep_.offload ? at::Device(at::kCPU) : device) {
  check_all_finite(checkpoint);
  for (const arch::Checkpoint::Bound& bound : checkpoint.tensors()) {
    Stored& stored = tensors_[bound.decl.name];
    stored.view = bound.view;
    if (bound.view == nullptr) stored.tensor = at::empty(bound.decl.shape, at::TensorOptions().dtype(type));  // without elements
    else stored.tensor = aligned(*bound.view) ? mapped(*bound.view) : mapped(*bound.view).clone();
    stored.release();
    const auto instead = overrides.find(bound.decl.name);
    if (instead == overrides.end()) continue;
    check(instead->second.shape == bound.decl.shape, "a weight's substitute has another shape: " + bound.decl.name);
    stored = {in_memory(instead->second), nullptr};
  }
  for (const auto& [name, tensor] : overrides)
    if (name.starts_with("stream.")) projections_[name] = in_memory(tensor);
}

at::Tensor CheckpointWeights::projection(const std::string& name) const {
  const auto found = projections_.find(name);
  return found == projections_.end() ? at::Tensor() : found->second.to(device_).to(type_);
}

void CheckpointWeights::Stored::release() const {
  if (view != nullptr && view->mapping != nullptr) view->mapping->set_aside(view->bytes);
}

const CheckpointWeights::Stored& CheckpointWeights::stored(const std::string& name) const {
  const auto found = tensors_.find(name);
  check(found != tensors_.end(), "unknown weight " + name);
  return found->second;
}

at::Tensor CheckpointWeights::tensor(const std::string& name) const { return stored(name).tensor.to(device_).to(type_); }

ops::Table CheckpointWeights::table(const std::string& name) const {
  return {stored(name + ".weight").tensor.to(device_), type_};
}

ops::Linear CheckpointWeights::linear(const model::MatrixSpec& matrix) const {
  const Stored& weight = stored(matrix.name + ".weight");
  const auto part_of = [&matrix](const at::Tensor& whole, int axis) {
    const std::int64_t outputs = whole.size(axis) / matrix.parts;
    return matrix.parts == 1 ? whole : whole.narrow(axis, matrix.part * outputs, outputs);
  };
  const auto release = [weight] { weight.release(); };
  const at::Tensor bias = matrix.bias ? part_of(tensor(matrix.name + ".bias"), 0) : at::Tensor();
  const auto in_memory = [type = type_, device = matrix_device_](const at::Tensor& stored) { return stored.to(device).to(type); };
  if (!matrix.inputs_first)
    return {[part = part_of(weight.tensor, 0), in_memory] { return in_memory(part); }, bias, release, keep_};
  return {[part = part_of(weight.tensor, 1), type = type_, device = matrix_device_] {
            return part.to(device).t().to(type).contiguous();
          },
          bias, release, keep_};
}

}  // namespace hies::engine
