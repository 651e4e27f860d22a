#pragma once

#include <cstddef>
#include <vector>

#include "hies/model/attention_torch.h"

namespace hies::model {

// What one call of the attention kernels needs.
struct AttentionRun::Call {
  AttentionRun* run = nullptr;
  int layer = 0;
  kernels::AttentionShape shape;
  std::vector<std::int32_t> kv_of_head;  // [H]
  std::vector<std::uint8_t> skip;        // [H] 1: gate 0
  Projected columns;                     // where heads stand; without rows
  bool together = false;                 // queries stand with keys and values
  at::Tensor lse;                        // [query tokens, H]; where a backward pass follows

  std::int64_t query_tokens() const { return shape.query_offsets[shape.sequences]; }
  // A number for each query token and head, to be filled; the kernels keep sums of bfloat16 in float32.
  at::Tensor statistics(at::Device device) const {
    const at::ScalarType type = shape.dtype == kernels::DType::float64 ? at::kDouble : at::kFloat;
    return at::empty({query_tokens(), shape.heads}, at::TensorOptions().dtype(type).device(device));
  }
};

// Where vectors of heads stand, as the kernels are told.
inline kernels::Strided strided(const HeadColumns& columns) {
  if (!columns.rows.defined()) return {};
  auto* data = static_cast<std::byte*>(columns.rows.data_ptr());
  return {data + columns.first * columns.rows.element_size(), columns.rows.stride(0), columns.step};
}

// [T, heads·D], one head after the other.
inline kernels::Strided strided(const at::Tensor& tensor, std::int64_t head_dim) {
  return strided(HeadColumns{tensor, 0, head_dim});
}

}  // namespace hies::model
