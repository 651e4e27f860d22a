#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>

#include "hies/base/progress.h"
#include "hies/formats/tensor_file.h"

namespace hies::formats {

// Writes model.safetensors into `folder` (that of an AtomicDirectory). If all tensors together exceed `max_shard_bytes`, or there
// are several groups, it writes model-0000i-of-0000n.safetensors and model.safetensors.index.json instead. Tensors fill shards in
// the given order, group by group; a tensor larger than a shard has one of its own. In a file wider dtypes come first, so that
// every tensor is aligned. The header has the metadata format "pt" and is padded to 8 bytes. Reports bytes to `progress`. Throws
// io if the disk is full, and internal if a source writes another number of bytes than its shape has.
void write_safetensors(const std::filesystem::path& folder, std::span<const TensorSource> tensors, std::uint64_t max_shard_bytes,
                       Progress& progress);

// Writes the tensors into one file of that name, in the given order. Throws bad_input when `path` exists and not `force`; else as
// write_safetensors does.
void write_safetensors_file(const std::filesystem::path& path, std::span<const TensorSource> tensors, bool force);

// Returns the bytes of "200KB", "500MB", "5GB", "1TB" (powers of 1000, as in transformers) or "5GiB" (powers of 1024), in any
// case. A unit is required. `option` names the source of the text in errors. Throws bad_input for anything else, and for zero.
std::uint64_t parse_byte_size(std::string_view text, std::string_view option);

}  // namespace hies::formats
