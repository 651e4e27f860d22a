#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "hies/base/test_files.h"
#include "hies/formats/safetensors_writer.h"
#include "hies/formats/tensor_store.h"

namespace hies::formats {

// A test with its own folder, empty at the start.
class FolderTest : public testing::Test {
 protected:
  void put(std::string_view name, std::string_view bytes) const { own_.write(name, bytes); }

 private:
  const TestFolder own_;

 protected:
  const std::filesystem::path folder = own_.path();
};

inline std::string length_bytes(std::uint64_t length) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(length >> (8 * i));
  return bytes;
}

// Returns the bytes of a safetensors file.
inline std::string file_of(std::string_view header, std::string_view data) {
  return length_bytes(header.size()) + std::string(header) + std::string(data);
}

inline std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Returns a tensor that writes its bytes in pieces of `piece` bytes.
inline TensorSource source(std::string name, DType dtype, std::vector<std::int64_t> shape, std::string bytes,
                           std::size_t group = 0, std::size_t piece = 1000) {
  return {std::move(name), dtype, std::move(shape), group, [bytes = std::move(bytes), piece](const auto& sink) {
            for (std::size_t at = 0; at < bytes.size(); at += piece)
              sink(std::as_bytes(std::span(bytes).subspan(at, std::min(piece, bytes.size() - at))));
          }};
}

// Expects an error of this kind whose message is one line and contains each of `parts`.
inline void expect_error(const Error& error, ErrorKind kind, std::initializer_list<std::string_view> parts) {
  EXPECT_EQ(error.kind(), kind) << error.what();
  const std::string_view message = error.what();
  EXPECT_EQ(message.find('\n'), std::string_view::npos) << message;
  for (const std::string_view part : parts) EXPECT_NE(message.find(part), std::string_view::npos) << message << " | " << part;
}

}  // namespace hies::formats
