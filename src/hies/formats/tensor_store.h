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

// A stored tensor: bytes are little-endian, row-major, in a mapped file, and valid as long as its TensorStore.
struct TensorView {
  std::string name;
  DType dtype = DType::float32;
  std::vector<std::int64_t> shape;
  std::span<const std::byte> bytes;
  std::size_t file = 0;                 // index in TensorStore::files()
  const MappedFile* mapping = nullptr;  // what `bytes` is part of, as long-lived; for messages

  std::int64_t elements() const noexcept;
};

// All tensors of a checkpoint directory: model.safetensors, or the shards that model.safetensors.index.json names. Files are
// mapped, nothing is read but the headers.
class TensorStore {
 public:
  TensorStore();
  // Throws bad_input for a damaged file (truncated, absurd header length, broken JSON, offsets that overlap, leave gaps or reach
  // out of the file, sizes that do not fit dtype and shape, a tensor twice, a tensor that the index names and its shard lacks);
  // io for a missing file; unsupported where there is only pytorch_model.bin or another format (with how to convert it).
  static TensorStore open(const std::filesystem::path& folder);

  // In order of name.
  const std::vector<TensorView>& tensors() const noexcept { return tensors_; }
  // Null when there is none.
  const TensorView* find(std::string_view name) const;
  // Weight files, in order of name.
  const std::vector<std::filesystem::path>& files() const noexcept { return files_; }
  // Bytes of all weight files.
  std::uint64_t file_bytes() const noexcept;

 private:
  std::vector<std::filesystem::path> files_;
  std::vector<std::shared_ptr<const MappedFile>> mapped_;
  std::vector<TensorView> tensors_;
};

// XXH3-128 over name, dtype, shape and the first, middle and last 64 KiB of every tensor in order of name: the same for any
// sharding, and quick for any size.
std::string content_hash(const TensorStore& store);

}  // namespace hies::formats
