#pragma once

#include "hies/kernels/simd/lanes.h"

namespace hies::kernels {
namespace {

// How b is laid out in multiply: b[j][i] with rows of j, or b[i][j] with rows of i.
enum class Rows { by_j, by_i };

// R rows of multiply, held in R·M registers.
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

// multiply_rows for a number of rows known at run time, 1 … R.
template <class Real, int N, int M, Rows Layout, int R>
HIES_INLINE void multiply_piece(std::int64_t rows, const Real* a, std::int64_t a_row, const Real* b, std::int64_t b_row, Real* c,
                                std::int64_t c_row, std::int64_t count, bool add) {
  if constexpr (R > 1) {
    if (rows < R) return multiply_piece<Real, N, M, Layout, R - 1>(rows, a, a_row, b, b_row, c, c_row, count, add);
  }
  multiply_rows<Real, N, M, Layout, R>(a, a_row, b, b_row, c, c_row, count, add);
}

// The one matrix product of this room: c[j][lane] (+)= Σ_i a[i][lane]·b[j,i] for j < rows, i < count and N·M lanes. Each number is
// summed in the order of i, whatever the blocking, so that results depend on the operands only; what stands in c comes last: a sum of
// sums over tiles rounds less than one long sum.
template <class Real, int N, int M, Rows Layout>
__attribute__((noinline)) void multiply(const Real* a, std::int64_t a_row, const Real* b, std::int64_t b_row, Real* c,
                                        std::int64_t c_row, std::int64_t rows, std::int64_t count, bool add) {
#ifdef __AVX512F__
  constexpr int kMost = 8;  // of 32 registers
#else
  constexpr int kMost = M == 1 ? 8 : 4;  // of 16 registers
#endif
  while (rows > 0) {
    // Pieces of like size: a lone last row would wait for its own sums.
    const std::int64_t pieces = (rows + kMost - 1) / kMost, piece = (rows + pieces - 1) / pieces;
    multiply_piece<Real, N, M, Layout, kMost>(piece, a, a_row, b, b_row, c, c_row, count, add);
    rows -= piece;
    b += piece * (Layout == Rows::by_j ? b_row : 1);
    c += piece * c_row;
  }
}

}  // namespace
}  // namespace hies::kernels
