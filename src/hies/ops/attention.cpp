#include "hies/ops/attention.h"

#include "hies/base/error.h"

namespace hies::ops {

kernels::Strided strided(const HeadColumns& columns) {
  if (!columns.rows.defined()) return {};
  auto* data = static_cast<std::byte*>(columns.rows.data_ptr());
  return {data + columns.first * columns.rows.element_size(), columns.rows.stride(0), columns.step};
}

kernels::Strided strided(const at::Tensor& tensor, std::int64_t head_dim) { return strided(HeadColumns{tensor, 0, head_dim}); }

kernels::DType kernel_type(at::ScalarType type) {
  switch (type) {
    case at::kDouble: return kernels::DType::float64;
    case at::kFloat: return kernels::DType::float32;
    case at::kBFloat16: return kernels::DType::bfloat16;
    default: break;
  }
  check(false, "attention in an unexpected dtype");
  return kernels::DType::float32;
}

at::Tensor row_statistics(const kernels::AttentionShape& shape, at::Device device) {
  const at::ScalarType type = shape.dtype == kernels::DType::float64 ? at::kDouble : at::kFloat;
  return at::empty({shape.query_offsets[shape.sequences], shape.heads}, at::TensorOptions().dtype(type).device(device));
}

std::unique_ptr<AttentionKernels> attention_kernels(const model::Layout& layout, std::int64_t sequences,
                                                    model::Recorder* recorder, at::Device device,
                                                    const AttentionOptions& options) {
  if (device.is_cuda()) return attention_kernels_cuda(layout, sequences, recorder, device, options);
  return attention_kernels_cpu(recorder);
}

}  // namespace hies::ops
