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

// Returns the bytes of one element.
std::size_t element_bytes(DType dtype) noexcept;
// Returns the name in a safetensors header, "F16".
std::string_view stored_name(DType dtype) noexcept;
// Returns the dtype of such a name, or nothing for an unknown one.
std::optional<DType> dtype_from_stored_name(std::string_view name) noexcept;
// Returns the name in messages, "float16".
std::string_view display_name(DType dtype) noexcept;
// Returns true for float16, bfloat16, float32 and float64.
bool is_floating(DType dtype) noexcept;

}  // namespace hies::formats
