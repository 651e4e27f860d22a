#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
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

// Returns whether two tensors have the same dtype, shape and bytes.
bool same_content(const TensorView& a, const TensorView& b);

// What model.safetensors.index.json says.
struct ShardIndex {
  std::map<std::string, std::string, std::less<>> shard_of;  // file name, by tensor; empty where there is no index
  int shards = 0;                                            // how many files it names
  int total = 0;                                             // of how many those are, by their names; 0: the names do not say
};

// All tensors of a checkpoint directory: those of model.safetensors, or of the shards that model.safetensors.index.json names.
// Files are mapped; only their headers are read. The index decides between two tensors of one name. That it lists tensors that are not
// there is no error here: only who needs one knows.
class TensorStore {
 public:
  TensorStore();
  // Returns whether a directory has weights that open() reads.
  static bool is_in(const std::filesystem::path& folder);
  // Opens a checkpoint directory. Throws bad_input for a damaged file (truncated, header length too large, invalid JSON, offsets
  // that overlap, leave gaps or exceed the file, sizes that do not match dtype and shape, a tensor twice in a file, or in two files
  // with different content where the index does not say which) and where no weights are, io for a missing file.
  static TensorStore open(const std::filesystem::path& folder);

  // Returns the tensors in the order of their names.
  const std::vector<TensorView>& tensors() const noexcept { return tensors_; }
  // Returns the tensor of this name, or null.
  const TensorView* find(std::string_view name) const;
  // Returns the weight files in the order of their names.
  const std::vector<std::filesystem::path>& files() const noexcept { return files_; }
  // Returns the bytes of all weight files.
  std::uint64_t file_bytes() const noexcept;
  // Returns what the index says of a tensor that is not there, as a clause ("… places it in …"); empty: nothing.
  std::string why_missing(std::string_view name) const;
  // Returns one line for each choice that was made: between two files, or between tensors of one name with different content.
  const std::vector<std::string>& warnings() const noexcept { return warnings_; }

 private:
  void add_file(const std::filesystem::path& path);
  void keep_one_of_each_name(const std::filesystem::path& folder);

  ShardIndex index_;
  std::vector<std::string> warnings_;
  std::vector<std::filesystem::path> files_;
  std::vector<std::shared_ptr<const MappedFile>> mapped_;
  std::vector<TensorView> tensors_;
};

// Returns XXH3-128 over name, dtype, shape and the first, middle and last 64 KiB of every tensor, in the order of names: the same
// for any sharding, and fast for any size.
std::string content_hash(const TensorStore& store);

}  // namespace hies::formats
