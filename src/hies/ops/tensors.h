#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>

#include <ATen/ATen.h>

namespace hies::ops {

// Returns the tensor on `device`. A copy from the host to a GPU goes through pinned memory, so that nothing waits for the GPU.
at::Tensor to_device(const at::Tensor& tensor, at::Device device);

// Return views, not copies: valid as long as the span's memory.
at::Tensor index_tensor(std::span<const std::int32_t> indices);
at::Tensor index_tensor(std::span<const std::int64_t> indices);

// Return the rows of a hidden state for so many tokens, or sequences; the rows behind the real ones hold anything finite. oneDNN
// compiles code for every number of rows that it gets and keeps it, about half a megabyte for each matrix, so there should be few.
// Sequences are few beside tokens, so that their steps may be larger.
inline std::int64_t padded_tokens(std::int64_t tokens) {
  const std::int64_t step = tokens < 128 ? 8 : 16;
  return (tokens + step - 1) / step * step;
}
inline std::int64_t padded_sequences(std::int64_t sequences) {
  return std::max<std::int64_t>(8, static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(sequences))));
}

// An embedding table as it is stored; rows are converted when they are looked up.
struct Table {
  at::Tensor stored;  // [V, E]
  at::ScalarType type = at::kFloat;
  at::Tensor rows(const at::Tensor& indices) const {
    return stored.index_select(0, to_device(indices, stored.device())).to(type);
  }
};

}  // namespace hies::ops
