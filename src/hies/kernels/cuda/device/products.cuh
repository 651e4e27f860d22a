#pragma once

#include "hies/kernels/cuda/device/mma.cuh"

// The two products of attention, of a warp's rows with a tile in shared memory: kBlocks times 16 rows, so that what is read of the tile
// serves for all of them.
namespace hies::cuda {

// The left operands of a warp's rows in a tile, loaded anew for every product.
template <class T, int D, int kBlocks>
struct LeftRows {
  const T* tile;
  int row;
  __device__ void load(std::uint32_t (&to)[kBlocks][4], int step) const {
#pragma unroll
    for (int block = 0; block < kBlocks; ++block) load_left<T, D>(to[block], tile, row + 16 * block, step * kDepth<T>);
  }
};

// The same, kept in registers.
template <class T, int D, int kBlocks>
struct KeptRows {
  std::uint32_t steps[D / kDepth<T>][kBlocks][4];
  __device__ void keep(const LeftRows<T, D, kBlocks>& rows) {
#pragma unroll
    for (int step = 0; step < D / kDepth<T>; ++step) rows.load(steps[step], step);
  }
  __device__ void load(std::uint32_t (&to)[kBlocks][4], int step) const {
#pragma unroll
    for (int block = 0; block < kBlocks; ++block)
#pragma unroll
      for (int i = 0; i < 4; ++i) to[block][i] = steps[step][block][i];
  }
};

// products = left · tileᵀ, of all 8·N rows of the tile.
template <class T, int D, int kBlocks, int N, class Left>
__device__ void row_products(float (&products)[kBlocks][N][4], const Left& left, const T* tile) {
#pragma unroll
  for (int block = 0; block < kBlocks; ++block)
#pragma unroll
    for (int n = 0; n < N; ++n)
#pragma unroll
      for (int i = 0; i < 4; ++i) products[block][n][i] = 0;
#pragma unroll
  for (int step = 0; step < D / kDepth<T>; ++step) {
    std::uint32_t a[kBlocks][4];
    left.load(a, step);
#pragma unroll
    for (int n = 0; n < N / 2; ++n) {
      std::uint32_t b[4];
      load_right_rows<T, D>(b, tile, 16 * n, step * kDepth<T>);
#pragma unroll
      for (int block = 0; block < kBlocks; ++block) {
        multiply_add<T>(products[block][2 * n], a[block], b[0], b[1]);
        multiply_add<T>(products[block][2 * n + 1], a[block], b[2], b[3]);
      }
    }
  }
}

// sums += factors · tile. kSplit: what rounding to TF32 takes from the factors is multiplied, too.
template <class T, int D, bool kSplit = false, int kBlocks, int N>
__device__ void add_product(float (&sums)[kBlocks][D / 8][4], const float (&factors)[kBlocks][N][4], const T* tile) {
#pragma unroll
  for (int step = 0; step < 8 * N / kDepth<T>; ++step) {
    std::uint32_t a[kBlocks][4];
#pragma unroll
    for (int block = 0; block < kBlocks; ++block) as_left<T>(a[block], factors[block] + step * kDepth<T> / 8);
    std::uint32_t rest[kBlocks][4];
    if constexpr (kSplit)
#pragma unroll
      for (int block = 0; block < kBlocks; ++block) rest_of_left(rest[block], a[block], factors[block][step]);
#pragma unroll
    for (int n = 0; n < D / 8; n += kColumnBlocks<T>) {
      std::uint32_t b[kColumnBlocks<T>][2];
      load_right_columns<T, D>(b, tile, step * kDepth<T>, 8 * n);
#pragma unroll
      for (int i = 0; i < kColumnBlocks<T>; ++i)
#pragma unroll
        for (int block = 0; block < kBlocks; ++block) {
          if constexpr (kSplit) multiply_add<T>(sums[block][n + i], rest[block], b[i][0], b[i][1]);
          multiply_add<T>(sums[block][n + i], a[block], b[i][0], b[i][1]);
        }
    }
  }
}

}  // namespace hies::cuda
