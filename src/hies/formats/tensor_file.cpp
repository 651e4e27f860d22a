#include "hies/formats/tensor_file.h"

#include <algorithm>

#include <fmt/format.h>

#include "hies/base/error.h"

namespace hies::formats {
namespace {

constexpr std::size_t kBuffer = std::size_t{1} << 20;
constexpr std::size_t kWrite = std::size_t{8} << 20;

}  // namespace

std::uint64_t TensorSource::bytes() const noexcept {
  std::uint64_t bytes = element_bytes(dtype);
  for (const std::int64_t size : shape) bytes *= static_cast<std::uint64_t>(size);
  return bytes;
}

TensorFile::TensorFile(std::filesystem::path path, bool force, Progress& progress)
    : file_(std::move(path), force), progress_(progress) {
  buffer_.reserve(kBuffer);
}

void TensorFile::write(std::span<const std::byte> bytes) {
  size_ += bytes.size();
  if (buffer_.size() + bytes.size() > kBuffer) flush();
  if (bytes.size() < kBuffer) {
    buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
    return;
  }
  while (!bytes.empty()) {
    const auto piece = bytes.first(std::min(bytes.size(), kWrite));
    put(piece);
    bytes = bytes.subspan(piece.size());
  }
}

void TensorFile::write(const TensorSource& tensor) {
  const std::uint64_t expected = tensor.bytes();
  std::uint64_t written = 0;
  tensor.write([&](std::span<const std::byte> bytes) {
    written += bytes.size();
    check(written <= expected, fmt::format("tensor {} writes more than its {} bytes", tensor.name, expected));
    write(bytes);
  });
  check(written == expected, fmt::format("tensor {} writes {} of its {} bytes", tensor.name, written, expected));
}

void TensorFile::commit() {
  flush();
  file_.commit();
}

void TensorFile::flush() {
  put(buffer_);
  buffer_.clear();
}

void TensorFile::put(std::span<const std::byte> bytes) {
  file_.write(bytes);
  progress_.advance(static_cast<std::int64_t>(bytes.size()));
}

}  // namespace hies::formats
