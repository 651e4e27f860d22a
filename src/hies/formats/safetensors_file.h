#pragma once

#include <cstdint>
#include <vector>

#include "hies/formats/tensor_store.h"

namespace hies::formats {

// The longest header that the safetensors library reads, bytes.
inline constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;

// The tensors of one safetensors file, in order of their bytes. Throws bad_input as TensorStore::open does, unsupported for an
// element type that has no whole bytes.
std::vector<TensorView> read_safetensors(const MappedFile& file);

}  // namespace hies::formats
