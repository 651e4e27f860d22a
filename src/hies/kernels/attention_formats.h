#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

// The number formats in tests of attention, on the CPU and on GPUs, and their rounding.
namespace hies::kernels::cases {

// tf32 is float32 whose matrix products round their factors to 11 bits of mantissa.
enum class Format { float32, bfloat16, float64, float16, tf32 };

// Returns the value rounded to `bits` bits of mantissa; ties go away from zero if `away`, else to even.
inline float round_bits(float value, int bits, bool away = false) {
  const int dropped = 24 - bits;
  auto all = std::bit_cast<std::uint32_t>(value);
  all += away ? 1u << (dropped - 1) : (1u << (dropped - 1)) - 1 + (all >> dropped & 1);
  return std::bit_cast<float>(all & ~((1u << dropped) - 1));
}

inline float round_float16(float value) {
  constexpr float kSmallest = 0x1p-14f, kLargest = 65504;  // normal numbers
  if (std::abs(value) < kSmallest) return std::nearbyint(value * 0x1p24f) * 0x1p-24f;
  const float rounded = round_bits(value, 11);
  return std::abs(rounded) > kLargest ? std::copysign(INFINITY, value) : rounded;
}

// Returns the value rounded to the format.
template <Format kFormat, class Real>
Real as_format(Real value) {
  if constexpr (kFormat == Format::bfloat16) return round_bits(static_cast<float>(value), 8);
  else if constexpr (kFormat == Format::float16) return round_float16(static_cast<float>(value));
  else if constexpr (kFormat == Format::float64) return value;
  else return static_cast<float>(value);
}
inline double as_format(double value, Format format) {
  switch (format) {
    case Format::bfloat16: return as_format<Format::bfloat16>(value);
    case Format::float16: return as_format<Format::float16>(value);
    case Format::float64: return value;
    default: return static_cast<float>(value);
  }
}

// Returns a number of the format as matrix products round their factors.
template <Format kFormat, class Real>
Real as_factor(Real value) {
  if constexpr (kFormat == Format::tf32) return round_bits(static_cast<float>(value), 11, true);
  else return value;
}

// Convert between numbers and their storage: T is an unsigned integer for formats of two bytes.
template <class T>
T stored(double value, Format format) {
  if constexpr (sizeof(T) == 2) {
    const auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(value));
    if (format == Format::bfloat16) return static_cast<T>(bits >> 16);
    const std::uint32_t sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffff;
    if (std::isnan(value)) return 0x7e00;
    if (std::abs(value) < 0x1p-14) return static_cast<T>(sign | static_cast<std::uint32_t>(std::abs(value) * 0x1p24));
    return static_cast<T>(sign | (std::isinf(value) ? 0x7c00 : (magnitude >> 13) - (112 << 10)));
  }
  return static_cast<T>(value);
}
template <class T>
double loaded(T value, Format format) {
  if constexpr (sizeof(T) == 2) {
    if (format == Format::bfloat16) return std::bit_cast<float>(static_cast<std::uint32_t>(value) << 16);
    const int exponent = value >> 10 & 31, mantissa = value & 1023;
    const double magnitude = exponent == 0    ? mantissa * 0x1p-24
                             : exponent == 31 ? (mantissa == 0 ? INFINITY : NAN)
                                              : std::ldexp(1024 + mantissa, exponent - 25);
    return value >> 15 != 0 ? -magnitude : magnitude;
  }
  return static_cast<double>(value);
}

}  // namespace hies::kernels::cases
