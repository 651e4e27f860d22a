#pragma once

#include <cstdint>
#include <vector>

#include "hies/formats/tensor_store.h"

namespace hies::formats {

// The longest header that the safetensors library reads, in bytes.
inline constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;

// Returns the tensors of one safetensors file in the order of their bytes. Throws bad_input as TensorStore::open does, and
// unsupported for an element type that is not in DType.
std::vector<TensorView> read_safetensors(const MappedFile& file);

}  // namespace hies::formats
