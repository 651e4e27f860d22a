#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "hies/base/progress.h"
#include "hies/formats/dtype.h"

namespace hies::formats {

// A tensor to be written. `write` gives its bytes, in order, to the sink that it gets, in pieces of any size; together exactly
// elements × element_bytes. So nothing larger than a piece need be in memory, and bytes of a mapped file go straight through.
struct TensorSource {
  std::string name;
  DType dtype = DType::float32;
  std::vector<std::int64_t> shape;
  std::function<void(const std::function<void(std::span<const std::byte>)>& sink)> write;
};

// Writes model.safetensors, or model-0000i-of-0000n.safetensors with model.safetensors.index.json when the bytes of all tensors
// exceed `max_shard_bytes`, into `folder` (an AtomicDirectory's: files are written in place). A tensor larger than a shard gets one
// of its own. Header: metadata format "pt", padded to 8 bytes; tensors in the order given. Reports bytes to `progress`.
// Throws io when the disk is full, internal when a source gives another number of bytes than it said.
void write_safetensors(const std::filesystem::path& folder, std::span<const TensorSource> tensors, std::uint64_t max_shard_bytes,
                       Progress& progress);

}  // namespace hies::formats
