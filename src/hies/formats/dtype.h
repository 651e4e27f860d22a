#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace hies::formats {

// The element types of safetensors that have whole bytes.
enum class DType {
  boolean,
  uint8,
  int8,
  uint16,
  int16,
  uint32,
  int32,
  uint64,
  int64,
  float8_e4m3,
  float8_e5m2,
  float16,
  bfloat16,
  float32,
  float64
};

std::size_t element_bytes(DType dtype) noexcept;
// "F16", the name in a safetensors header.
std::string_view stored_name(DType dtype) noexcept;
std::optional<DType> dtype_from_stored_name(std::string_view name) noexcept;
// "float16", for people.
std::string_view display_name(DType dtype) noexcept;
// float16, bfloat16, float32 or float64.
bool is_floating(DType dtype) noexcept;

}  // namespace hies::formats
