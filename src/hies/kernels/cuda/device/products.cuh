#pragma once

#include <cstdint>
#include <type_traits>

#include "hies/kernels/cuda/device/mma.cuh"

// The two kinds of matrix products of attention, of a warp's rows with a tile in shared memory, and the store of their results. A
// warp has kRowBlocks × 16 rows, so that each fragment that is loaded from the tile is used kRowBlocks times.
namespace hies::cuda {

// The left factor in shared memory: rows row … row + 16·kRowBlocks − 1 of a tile. Fragments are loaded again for every product.
template <class T, int D, int kRowBlocks>
struct SharedRows {
  const T* tile;
  int row;
  __device__ void load(std::uint32_t (&to)[kRowBlocks][4], int step) const {
#pragma unroll
    for (int block = 0; block < kRowBlocks; ++block) load_a<T, D>(to[block], tile, row + 16 * block, step * kDepth<T>);
  }
};

// The left factor in registers.
template <class T, int D, int kRowBlocks>
struct RegisterRows {
  std::uint32_t steps[D / kDepth<T>][kRowBlocks][4];
  __device__ void load_from(const SharedRows<T, D, kRowBlocks>& rows) {
#pragma unroll
    for (int step = 0; step < D / kDepth<T>; ++step) rows.load(steps[step], step);
  }
  __device__ void load(std::uint32_t (&to)[kRowBlocks][4], int step) const {
#pragma unroll
    for (int block = 0; block < kRowBlocks; ++block)
#pragma unroll
      for (int i = 0; i < 4; ++i) to[block][i] = steps[step][block][i];
  }
};

// products = left · tileᵀ, with the first 8·N rows of the tile.
template <class T, int D, int kRowBlocks, int N, class Left>
__device__ void multiply_transposed(float (&products)[kRowBlocks][N][4], const Left& left, const T* tile) {
#pragma unroll
  for (int block = 0; block < kRowBlocks; ++block)
#pragma unroll
    for (int n = 0; n < N; ++n)
#pragma unroll
      for (int i = 0; i < 4; ++i) products[block][n][i] = 0;
#pragma unroll
  for (int step = 0; step < D / kDepth<T>; ++step) {
    std::uint32_t a[kRowBlocks][4];
    left.load(a, step);
#pragma unroll
    for (int n = 0; n < N / 2; ++n) {
      std::uint32_t b[4];
      load_b_of_transpose<T, D>(b, tile, 16 * n, step * kDepth<T>);
#pragma unroll
      for (int block = 0; block < kRowBlocks; ++block) {
        mma<T>(products[block][2 * n], a[block], b[0], b[1]);
        mma<T>(products[block][2 * n + 1], a[block], b[2], b[3]);
      }
    }
  }
}

// sums += factors · tile. kSplit: the part of the factors that rounding to TF32 drops is multiplied as well.
template <class T, int D, bool kSplit = false, int kRowBlocks, int N>
__device__ void multiply_add(float (&sums)[kRowBlocks][D / 8][4], const float (&factors)[kRowBlocks][N][4], const T* tile) {
#pragma unroll
  for (int step = 0; step < 8 * N / kDepth<T>; ++step) {
    std::uint32_t a[kRowBlocks][4];
#pragma unroll
    for (int block = 0; block < kRowBlocks; ++block) to_a<T>(a[block], factors[block] + step * kDepth<T> / 8);
    std::uint32_t remainder[kRowBlocks][4];
    if constexpr (kSplit)
#pragma unroll
      for (int block = 0; block < kRowBlocks; ++block) tf32_remainder(remainder[block], a[block], factors[block][step]);
#pragma unroll
    for (int n = 0; n < D / 8; n += kColumnBlocks<T>) {
      std::uint32_t b[kColumnBlocks<T>][2];
      load_b<T, D>(b, tile, step * kDepth<T>, 8 * n);
#pragma unroll
      for (int i = 0; i < kColumnBlocks<T>; ++i)
#pragma unroll
        for (int block = 0; block < kRowBlocks; ++block) {
          if constexpr (kSplit) mma<T>(sums[block][n + i], remainder[block], b[i][0], b[i][1]);
          mma<T>(sums[block][n + i], a[block], b[i][0], b[i][1]);
        }
    }
  }
}

// Stores results of multiply_add, 16 rows [16][D] of a warp, into one head of the tokens first + row …; rows from `count` on are
// dropped. The rows g of the fragments are multiplied by `upper`, the rows g+8 by `lower`. If `aligned` (rows_aligned), a lane
// stores the neighbouring columns that it holds at once.
template <class T, int D>
__device__ void store_rows(const hies_cuda_rows& rows, long long first, int row, int count, int head, int head_dim,
                           const float (&sums)[D / 8][4], float upper, float lower, bool aligned) {
  constexpr int kRun = kColumnBlocks<T>;  // neighbouring columns that a lane holds
  const int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const int to_row = row + g + 8 * half;
    if (to_row >= count) continue;
    T* to = row_of<T>(rows, first + to_row, head);
    const float factor = half == 0 ? upper : lower;
#pragma unroll
    for (int run = 0; run < D / (4 * kRun); ++run) {
      const int column = kRun == 2 ? 8 * run + 2 * t : run / 2 * 32 + 8 * t + run % 2 * 4;
      alignas(4 * kRun) T values[kRun];
#pragma unroll
      for (int i = 0; i < kRun; ++i)
        values[i] = from_float<T>((kRun == 2 ? sums[run][2 * half + i] : sums[run / 2 * 4 + i][2 * half + run % 2]) * factor);
      if (aligned) {
        using Run = std::conditional_t<kRun == 2, std::uint32_t, float4>;
        if (column < head_dim) *reinterpret_cast<Run*>(to + column) = *reinterpret_cast<const Run*>(values);
        continue;
      }
#pragma unroll
      for (int i = 0; i < kRun; ++i)
        if (column + i < head_dim) to[column + i] = values[i];
    }
  }
}

}  // namespace hies::cuda
