#include "hies/formats/float_conversion.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "hies/base/error.h"

namespace hies::formats {
namespace {

static_assert(std::endian::native == std::endian::little, "tensors are read in the machine's byte order");

// Tensors in a file need not be aligned, so every element is loaded by memcpy, which compiles to plain (vector) loads.
template <class T>
T load(const std::byte* bytes, std::size_t index) {
  T value;
  std::memcpy(&value, bytes + index * sizeof(T), sizeof(T));
  return value;
}

// Returns the index of the first element that is NaN or infinite, which has all exponent bits set, or the number of elements.
// Blocks are tested without branches, so that the loop vectorises; only a block that fails is searched.
template <class Bits, Bits exponent>
std::size_t first_non_finite(std::span<const std::byte> bytes) {
  constexpr std::size_t kBlock = 1024;
  const std::size_t count = bytes.size() / sizeof(Bits);
  for (std::size_t begin = 0; begin < count; begin += kBlock) {
    const std::size_t end = std::min(count, begin + kBlock);
    Bits bad = 0;
    for (std::size_t i = begin; i < end; ++i)
      bad = static_cast<Bits>(bad | static_cast<Bits>((load<Bits>(bytes.data(), i) & exponent) == exponent));
    if (bad == 0) continue;
    for (std::size_t i = begin; i < end; ++i)
      if ((load<Bits>(bytes.data(), i) & exponent) == exponent) return i;
  }
  return count;
}

std::size_t first_non_finite(DType dtype, std::span<const std::byte> bytes) {
  switch (dtype) {
    case DType::float16: return first_non_finite<std::uint16_t, 0x7C00>(bytes);
    case DType::bfloat16: return first_non_finite<std::uint16_t, 0x7F80>(bytes);
    case DType::float32: return first_non_finite<std::uint32_t, 0x7F800000>(bytes);
    case DType::float64: return first_non_finite<std::uint64_t, 0x7FF0000000000000>(bytes);
    default: return bytes.size() / element_bytes(dtype);
  }
}

double half_to_double(std::uint16_t bits) {
  const double sign = (bits & 0x8000) != 0 ? -1.0 : 1.0;
  const int exponent = bits >> 10 & 0x1F;
  const int fraction = bits & 0x3FF;
  if (exponent == 0) return sign * fraction * 0x1p-24;
  if (exponent == 31) return fraction == 0 ? sign * INFINITY : NAN;
  // Normal numbers: the same bits with the exponent bias and the widths of float64.
  const std::uint64_t wide = std::uint64_t{bits & 0x8000U} << 48 | static_cast<std::uint64_t>(exponent - 15 + 1023) << 52 |
                             static_cast<std::uint64_t>(fraction) << 42;
  return std::bit_cast<double>(wide);
}

std::uint16_t to_half(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const auto sign = static_cast<std::uint16_t>(bits >> 16 & 0x8000);
  const float magnitude = std::fabs(value);
  if (std::isnan(value)) return sign | 0x7E00;
  if (magnitude >= 65520.0F) return sign | 0x7C00;
  // Below the least normal number the sum's last bits count the steps of 2⁻²⁴; above, the fraction loses 13 bits.
  if (magnitude < 0x1p-14F)
    return static_cast<std::uint16_t>(sign |
                                      (std::bit_cast<std::uint32_t>(magnitude + 0.5F) - std::bit_cast<std::uint32_t>(0.5F)));
  const std::uint32_t rounded = (bits & 0x7FFFFFFF) + 0xFFF + (bits >> 13 & 1);
  return static_cast<std::uint16_t>(sign | ((rounded >> 13) - ((127 - 15) << 10)));
}

std::uint16_t to_bfloat16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if (std::isnan(value)) return static_cast<std::uint16_t>(bits >> 16 | 0x40);
  return static_cast<std::uint16_t>((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

double element(const TensorView& tensor, std::size_t index) {
  const std::byte* bytes = tensor.bytes.data();
  switch (tensor.dtype) {
    case DType::float16: return half_to_double(load<std::uint16_t>(bytes, index));
    case DType::bfloat16: return std::bit_cast<float>(static_cast<std::uint32_t>(load<std::uint16_t>(bytes, index)) << 16);
    case DType::float32: return load<float>(bytes, index);
    case DType::float64: return load<double>(bytes, index);
    default: check(false, "only floating tensors have values as double"); return 0;
  }
}

}  // namespace

void check_finite(const TensorView& tensor) { check_finite(tensor, 0, tensor.bytes.size() / element_bytes(tensor.dtype)); }

void check_finite(const TensorView& tensor, std::size_t first, std::size_t length) {
  const std::size_t size = element_bytes(tensor.dtype), count = tensor.bytes.size() / size;
  const std::size_t index = first + first_non_finite(tensor.dtype, tensor.bytes.subspan(first * size, length * size));
  if (index == first + length) return;
  const double value = element(tensor, index);
  bad_input("tensor '{}'{} has {} at element {} of {}", printable(tensor.name),
            tensor.mapping != nullptr ? " of " + tensor.mapping->path().string() : std::string(),
            std::isnan(value) ? "NaN"
            : value > 0       ? "infinity"
                              : "-infinity",
            index, count);
}

bool same_values(const TensorView& a, const TensorView& b) {
  if (same_content(a, b)) return true;
  if (a.shape != b.shape || !is_floating(a.dtype) || !is_floating(b.dtype)) return false;
  const std::size_t count = a.bytes.size() / element_bytes(a.dtype);
  for (std::size_t i = 0; i < count; ++i)
    if (element(a, i) != element(b, i)) return false;
  return true;
}

std::vector<double> to_double(const TensorView& tensor) {
  check(is_floating(tensor.dtype), "only floating tensors have values as double");
  std::vector<double> values(tensor.bytes.size() / element_bytes(tensor.dtype));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = element(tensor, i);
  return values;
}

void to_float(const TensorView& tensor, std::size_t first, std::span<float> values) {
  check(is_floating(tensor.dtype), "only floating tensors have values as float");
  if (tensor.dtype == DType::float32) {
    std::memcpy(values.data(), tensor.bytes.data() + first * sizeof(float), values.size_bytes());
    return;
  }
  if (tensor.dtype == DType::bfloat16) {
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = std::bit_cast<float>(static_cast<std::uint32_t>(load<std::uint16_t>(tensor.bytes.data(), first + i)) << 16);
    return;
  }
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(element(tensor, first + i));
}

void from_float(std::span<const float> values, DType dtype, std::byte* bytes) {
  check(dtype == DType::float32 || dtype == DType::float16 || dtype == DType::bfloat16, "values as another type");
  if (dtype == DType::float32) {
    std::memcpy(bytes, values.data(), values.size_bytes());
    return;
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::uint16_t bits = dtype == DType::float16 ? to_half(values[i]) : to_bfloat16(values[i]);
    std::memcpy(bytes + 2 * i, &bits, 2);
  }
}

}  // namespace hies::formats
