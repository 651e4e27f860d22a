#include "hies/formats/gguf_type.h"

#include <algorithm>
#include <cmath>

#include "hies/base/error.h"
#include "hies/formats/float_conversion.h"

namespace hies::formats {
namespace {

constexpr std::size_t kQ8Bytes = 2 + kQ8Block;

void write_q8_block(std::span<const float> values, std::byte* bytes) {
  float greatest = 0;
  for (const float value : values) greatest = std::max(greatest, std::fabs(value));
  const float scale = greatest / 127, inverse = scale > 0 ? 1 / scale : 0;
  from_float(std::span(&scale, 1), DType::float16, bytes);
  for (std::size_t i = 0; i < values.size(); ++i)
    bytes[2 + i] = static_cast<std::byte>(static_cast<std::int8_t>(std::round(values[i] * inverse)));
}

DType dtype_of(GgufType type) {
  if (type == GgufType::f16) return DType::float16;
  return type == GgufType::bf16 ? DType::bfloat16 : DType::float32;
}

}  // namespace

std::string_view gguf_type_name(GgufType type) noexcept {
  switch (type) {
    case GgufType::f32: return "f32";
    case GgufType::f16: return "f16";
    case GgufType::q8_0: return "q8_0";
    case GgufType::bf16: return "bf16";
  }
  return "?";
}

bool fits_gguf_type(GgufType type, std::int64_t row) noexcept {
  return type != GgufType::q8_0 || row % static_cast<std::int64_t>(kQ8Block) == 0;
}

std::uint64_t gguf_bytes(GgufType type, std::uint64_t count) noexcept {
  return type == GgufType::q8_0 ? count / kQ8Block * kQ8Bytes : count * element_bytes(dtype_of(type));
}

void to_gguf(std::span<const float> values, GgufType type, std::byte* bytes) {
  if (type != GgufType::q8_0) return from_float(values, dtype_of(type), bytes);
  check(values.size() % kQ8Block == 0, "Q8_0 of a part of a block");
  for (std::size_t at = 0; at < values.size(); at += kQ8Block, bytes += kQ8Bytes)
    write_q8_block(values.subspan(at, kQ8Block), bytes);
}

}  // namespace hies::formats
