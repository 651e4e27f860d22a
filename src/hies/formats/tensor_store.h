#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hies/base/files.h"
#include "hies/formats/dtype.h"

namespace hies::formats {

// A stored tensor. Its bytes are little-endian, row-major, in a mapped file, and valid as long as the TensorStore exists.
struct TensorView {
  std::string name;
  DType dtype = DType::float32;
  std::vector<std::int64_t> shape;
  std::span<const std::byte> bytes;
  std::size_t file = 0;                 // index into TensorStore::files()
  const MappedFile* mapping = nullptr;  // the file that `bytes` is part of, for messages; valid as long

  // Returns the product of the shape.
  std::int64_t elements() const noexcept;
};

// All tensors of a checkpoint directory: those of model.safetensors, or of the shards that model.safetensors.index.json names.
// Files are mapped; only their headers are read.
class TensorStore {
 public:
  TensorStore();
  // Opens a checkpoint directory. Throws bad_input for a damaged file (truncated, header length too large, invalid JSON, offsets
  // that overlap, leave gaps or exceed the file, sizes that do not match dtype and shape, a tensor twice, a tensor that the index
  // lists and its shard lacks), io for a missing file, and unsupported, with a hint how to convert, if there is only
  // pytorch_model.bin or another format.
  static TensorStore open(const std::filesystem::path& folder);

  // Returns the tensors in the order of their names.
  const std::vector<TensorView>& tensors() const noexcept { return tensors_; }
  // Returns the tensor of this name, or null.
  const TensorView* find(std::string_view name) const;
  // Returns the weight files in the order of their names.
  const std::vector<std::filesystem::path>& files() const noexcept { return files_; }
  // Returns the bytes of all weight files.
  std::uint64_t file_bytes() const noexcept;

 private:
  std::vector<std::filesystem::path> files_;
  std::vector<std::shared_ptr<const MappedFile>> mapped_;
  std::vector<TensorView> tensors_;
};

// Returns XXH3-128 over name, dtype, shape and the first, middle and last 64 KiB of every tensor, in the order of names: the same
// for any sharding, and fast for any size.
std::string content_hash(const TensorStore& store);

}  // namespace hies::formats
