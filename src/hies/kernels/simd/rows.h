#pragma once

#include "hies/kernels/attention.h"
#include "hies/kernels/simd/lanes.h"

namespace hies::kernels {
namespace {

// Copies of rows: numbers of type Real, contiguous (rows of a packed tensor are often 4 KiB apart, which map to few cache sets),
// padded with zeros to a width that is a multiple of a vector.
constexpr std::int64_t kChunk = 16;
constexpr std::int64_t padded(std::int64_t head_dim) { return (head_dim + kChunk - 1) / kChunk * kChunk; }

template <class Real>
constexpr Real widen(Real value) {
  return value;
}
HIES_INLINE float widen(std::uint16_t value) { return __builtin_bit_cast(float, static_cast<std::uint32_t>(value) << 16); }

HIES_INLINE void narrow(std::uint16_t& to, float value) {  // rounds to nearest, ties to even; NaN remains NaN
  const auto bits = __builtin_bit_cast(std::uint32_t, value);
  const std::uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  to = static_cast<std::uint16_t>(value == value ? rounded : 0x7fc0);
}
template <class Real>
HIES_INLINE void narrow(Real& to, Real value) {
  to = value;
}

template <class Stored, class Real>
void read_stored(const Strided& view, std::int64_t token, std::int64_t head, std::int64_t count, std::int64_t head_dim,
                 Real* rows) {
  const std::int64_t width = padded(head_dim);
  const Stored* from = static_cast<const Stored*>(view.data) + token * view.token_stride + head * view.head_stride;
  for (std::int64_t row = 0; row < count; ++row, from += view.token_stride, rows += width) {
    // Prefetches the row of the next head, which is usually the thread's next item: rows are too far apart for the hardware
    // prefetcher.
    for (std::int64_t d = 0; d < head_dim; d += 64 / static_cast<int>(sizeof(Stored))) __builtin_prefetch(from + head_dim + d);
    std::int64_t d = 0;
    for (; d + kChunk <= head_dim; d += kChunk)
      for (int i = 0; i < kChunk; ++i) rows[d + i] = widen(from[d + i]);
    for (; d < head_dim; ++d) rows[d] = widen(from[d]);
    for (; d < width; ++d) rows[d] = 0;
  }
}

template <class Stored, class Real>
void write_stored(const Strided& view, std::int64_t token, std::int64_t head, std::int64_t count, std::int64_t head_dim,
                  const Real* rows) {
  const std::int64_t width = padded(head_dim);
  Stored* to = static_cast<Stored*>(view.data) + token * view.token_stride + head * view.head_stride;
  for (std::int64_t row = 0; row < count; ++row, to += view.token_stride, rows += width) {
    std::int64_t d = 0;
    for (; d + kChunk <= head_dim; d += kChunk)
      for (int i = 0; i < kChunk; ++i) narrow(to[d + i], rows[d + i]);
    for (; d < head_dim; ++d) narrow(to[d], rows[d]);
  }
}

// Reads the rows of `count` tokens of one head; `to` is [count, padded(D)].
template <class Real>
void read_rows(const AttentionShape& shape, const Strided& view, std::int64_t token, std::int64_t head, std::int64_t count,
               Real* to) {
  if constexpr (sizeof(Real) == 4) {
    if (shape.dtype == DType::bfloat16) return read_stored<std::uint16_t>(view, token, head, count, shape.head_dim, to);
  }
  read_stored<Real>(view, token, head, count, shape.head_dim, to);
}

// Writes them; `from` is [count, padded(D)].
template <class Real>
void write_rows(const AttentionShape& shape, const Strided& view, std::int64_t token, std::int64_t head, std::int64_t count,
                const Real* from) {
  if constexpr (sizeof(Real) == 4) {
    if (shape.dtype == DType::bfloat16) return write_stored<std::uint16_t>(view, token, head, count, shape.head_dim, from);
  }
  write_stored<Real>(view, token, head, count, shape.head_dim, from);
}

// Transposes [N·M, width] to [width, N·M]: a vector then holds the same element of N rows.
template <class Real, int N, int M>
void to_lanes(const Real* rows, std::int64_t width, Real* columns) {
  using V = Lanes<Real, N>;
  typename V::Vec square[N];
  for (int m = 0; m < M; ++m) {
    for (std::int64_t d = 0; d < width; d += N) {
      for (int i = 0; i < N; ++i) square[i] = V::load(rows + (m * N + i) * width + d);
      V::transpose(square);
      for (int i = 0; i < N; ++i) V::store(columns + (d + i) * N * M + m * N, square[i]);
    }
  }
}

// Transposes [width, N·M] to [N·M, width].
template <class Real, int N, int M>
void from_lanes(const Real* columns, std::int64_t width, Real* rows) {
  using V = Lanes<Real, N>;
  typename V::Vec square[N];
  for (int m = 0; m < M; ++m) {
    for (std::int64_t d = 0; d < width; d += N) {
      for (int i = 0; i < N; ++i) square[i] = V::load(columns + (d + i) * N * M + m * N);
      V::transpose(square);
      for (int i = 0; i < N; ++i) V::store(rows + (m * N + i) * width + d, square[i]);
    }
  }
}

}  // namespace
}  // namespace hies::kernels
