#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

namespace hies::formats {

// A message of Protocol Buffers that is being encoded (protobuf.dev, "Encoding"): the few kinds of fields that ONNX has. Fields follow
// each other in the order of the calls; a field that is added again is a repeated one.
class ProtoMessage {
 public:
  // int32, int64, enum.
  void integer(int field, std::int64_t value) {
    tag(field, 0);
    varint(static_cast<std::uint64_t>(value));
  }
  void number(int field, float value) {
    tag(field, 5);
    const auto bits = std::bit_cast<std::uint32_t>(value);
    for (int shift = 0; shift < 32; shift += 8) bytes_ += static_cast<char>(bits >> shift & 0xFF);
  }
  // string, bytes.
  void text(int field, std::string_view value) {
    opening(field, value.size());
    bytes_ += value;
  }
  void message(int field, const ProtoMessage& value) { text(field, value.bytes_); }
  // Begins a field of bytes, or a message, of so many bytes, which the caller writes behind bytes().
  void opening(int field, std::uint64_t size) {
    tag(field, 2);
    varint(size);
  }

  const std::string& bytes() const noexcept { return bytes_; }

 private:
  void tag(int field, int wire_type) { varint((static_cast<std::uint64_t>(field) << 3) | static_cast<std::uint64_t>(wire_type)); }
  void varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>((value & 0x7F) | 0x80);
    bytes_ += static_cast<char>(value);
  }

  std::string bytes_;
};

}  // namespace hies::formats
