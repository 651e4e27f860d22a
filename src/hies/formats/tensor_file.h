#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "hies/base/files.h"
#include "hies/base/progress.h"
#include "hies/formats/dtype.h"

namespace hies::formats {

// Where a tensor's bytes go, in order and in pieces of any size.
using ByteSink = std::function<void(std::span<const std::byte>)>;

// A tensor to be written. `write` passes its bytes in order to the sink, together exactly bytes() of them. So only one piece has to be
// in memory at a time, and bytes of a mapped file are not copied.
struct TensorSource {
  std::string name;
  DType dtype = DType::float32;
  std::vector<std::int64_t> shape;
  std::size_t group = 0;  // tensors of different groups do not share a file, which keeps the shards of a checkpoint
  std::function<void(const ByteSink& sink)> write;

  // Returns elements × element_bytes.
  std::uint64_t bytes() const noexcept;
};

// A file of tensors that appears complete or not at all (AtomicFile). It joins small pieces to large writes and splits large pieces, so
// that progress is reported often and cancelling is quick. Every failure, such as a full disk, throws io.
class TensorFile {
 public:
  // Throws as AtomicFile does. Reports bytes to `progress`, within a stage that the caller began.
  TensorFile(std::filesystem::path path, bool force, Progress& progress);

  void write(std::span<const std::byte> bytes);
  void write(std::string_view text) { write(std::as_bytes(std::span(text))); }
  // Throws internal if the source writes another number of bytes than its shape has.
  void write(const TensorSource& tensor);
  // Writes so many zeros.
  void pad(std::uint64_t count) { write(std::vector<std::byte>(count)); }
  // Returns how many bytes were written.
  std::uint64_t size() const noexcept { return size_; }
  void commit();

 private:
  void flush();
  void put(std::span<const std::byte> bytes);

  AtomicFile file_;
  Progress& progress_;
  std::vector<std::byte> buffer_;
  std::uint64_t size_ = 0;
};

}  // namespace hies::formats
