#pragma once

#include "hies/kernels/simd/lanes.h"

namespace hies::kernels {
namespace {

// The layout of b in multiply: b[j][i], rows of j, or b[i][j], rows of i.
enum class Rows { by_j, by_i };

// Computes R rows of multiply, whose sums are in R·M registers.
template <class Real, int N, int M, Rows Layout, int R>
HIES_INLINE void multiply_rows(const Real* a, std::int64_t a_row, const Real* b, std::int64_t b_row, Real* c, std::int64_t c_row,
                               std::int64_t count, bool add) {
  using V = Lanes<Real, N>;
  typename V::Vec sum[R][M] = {};
#pragma GCC unroll 4
  for (std::int64_t i = 0; i < count; ++i) {
    typename V::Vec lanes[M];
    for (int m = 0; m < M; ++m) lanes[m] = V::load(a + i * a_row + m * N);
    for (int j = 0; j < R; ++j) {
      const Real factor = Layout == Rows::by_j ? b[j * b_row + i] : b[i * b_row + j];
      for (int m = 0; m < M; ++m) sum[j][m] += lanes[m] * factor;
    }
  }
  for (int j = 0; j < R; ++j) {
    for (int m = 0; m < M; ++m) {
      Real* at = c + j * c_row + m * N;
      V::store(at, add ? V::load(at) + sum[j][m] : sum[j][m]);
    }
  }
}

// Calls multiply_rows for a number of rows that is known at run time, 1 … R.
template <class Real, int N, int M, Rows Layout, int R>
HIES_INLINE void multiply_piece(std::int64_t rows, const Real* a, std::int64_t a_row, const Real* b, std::int64_t b_row, Real* c,
                                std::int64_t c_row, std::int64_t count, bool add) {
  if constexpr (R > 1) {
    if (rows < R) return multiply_piece<Real, N, M, Layout, R - 1>(rows, a, a_row, b, b_row, c, c_row, count, add);
  }
  multiply_rows<Real, N, M, Layout, R>(a, a_row, b, b_row, c, c_row, count, add);
}

// The matrix product of all kernels: c[j][lane] = Σ_i a[i][lane]·b[j,i] for j < rows, i < count and N·M lanes; `add` adds it to
// c. Each sum is in the order of i, whatever the blocking, so that results depend on the operands only. The old c is added last,
// because a sum of sums over tiles has smaller rounding errors than one long sum.
template <class Real, int N, int M, Rows Layout>
__attribute__((noinline)) void multiply(const Real* a, std::int64_t a_row, const Real* b, std::int64_t b_row, Real* c,
                                        std::int64_t c_row, std::int64_t rows, std::int64_t count, bool add) {
#ifdef __AVX512F__
  constexpr int kMaxRows = 8;  // of 32 registers
#else
  constexpr int kMaxRows = M == 1 ? 8 : 4;  // of 16 registers
#endif
  while (rows > 0) {
    // Pieces have similar sizes: a single last row would have too few independent sums to hide their latency.
    const std::int64_t pieces = (rows + kMaxRows - 1) / kMaxRows, piece = (rows + pieces - 1) / pieces;
    multiply_piece<Real, N, M, Layout, kMaxRows>(piece, a, a_row, b, b_row, c, c_row, count, add);
    rows -= piece;
    b += piece * (Layout == Rows::by_j ? b_row : 1);
    c += piece * c_row;
  }
}

}  // namespace
}  // namespace hies::kernels
