#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
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
  std::size_t group = 0;  // tensors of different groups do not share a file: keeps the shards of a checkpoint as they were
  std::function<void(const std::function<void(std::span<const std::byte>)>& sink)> write;
};

// Writes model.safetensors, or, where the bytes of all tensors exceed `max_shard_bytes` or there are several groups,
// model-0000i-of-0000n.safetensors with model.safetensors.index.json, into `folder` (an AtomicDirectory's). Tensors are filled into
// shards in the order given, group by group; a tensor larger than a shard gets one of its own. Inside a file the wider dtypes come
// first, so that every tensor is aligned. Header: metadata format "pt", padded to 8 bytes. Reports bytes to `progress`.
// Throws io when the disk is full, internal when a source gives another number of bytes than it said.
void write_safetensors(const std::filesystem::path& folder, std::span<const TensorSource> tensors, std::uint64_t max_shard_bytes,
                       Progress& progress);

// "200KB", "500MB", "5GB", "1TB" (powers of 1000, as transformers counts), "5GiB" (powers of 1024); any case. The unit must be there:
// whoever leaves it out hardly means bytes. `option` names where the text was given. Throws bad_input for anything else, zero included.
std::uint64_t parse_byte_size(std::string_view text, std::string_view option);

}  // namespace hies::formats
