#pragma once

#include "hies/kernels/cuda/device/element.cuh"
#include "hies/kernels/cuda/device/reduce.cuh"
#include "hies/kernels/cuda/device/sequence.cuh"

// Building blocks of attention with float32 multiply-adds: for float32 itself, and for shapes that the tensor-core kernels do not
// support (heads above 128). A block has 16 × 16 threads. Thread (y, x) holds the rows y, y+16, … and columns x, x+16, … of a
// tile of logits, as an array [N][N]. All tiles in shared memory are float32.
namespace hies::cuda::fma {

constexpr int kThreads = 256;
// Tokens of a tile, by padded head size, so that a block's tiles fit into the shared memory of an sm_80 GPU.
template <int D>
constexpr int kTile = D <= 64 ? 64 : 32;

// A tile of rows in shared memory, [kTile][D]; rows are padded so that they start in different banks.
template <int D>
struct Tile {
  static constexpr int kStride = D + 4;
  static constexpr int kFloats = kTile<D> * kStride;
};
// A tile of logits or probabilities in shared memory, [kTile][kTile], padded alike.
template <int D>
constexpr int kSquareStride = kTile<D> + 4;
template <int D>
constexpr int kSquareFloats = kTile<D>* kSquareStride<D>;

// Loads `count` rows of one head, from token `first` on, into a tile. The rest of the tile becomes zero.
template <class T, int D>
__device__ void load_tile(float* tile, const hies_cuda_rows& rows, long long first, int count, int head, int head_dim) {
  for (int i = threadIdx.x; i < kTile<D> * D; i += kThreads) {
    const int row = i / D, column = i % D;
    float value = 0;
    if (row < count && column < head_dim) value = to_float(row_of<T>(rows, first + row, head)[column]);
    tile[row * Tile<D>::kStride + column] = value;
  }
}

// results[i][j] = ⟨a[y + 16 i], b[x + 16 j]⟩ for two tiles of rows.
template <int D, int N>
__device__ void multiply_transposed(const float* a, const float* b, float (&results)[N][N]) {
  const int x = threadIdx.x % 16, y = threadIdx.x / 16;
#pragma unroll
  for (int i = 0; i < N; ++i)
#pragma unroll
    for (int j = 0; j < N; ++j) results[i][j] = 0;
#pragma unroll 4
  for (int d = 0; d < D; d += 4) {
    float4 left[N], right[N];
#pragma unroll
    for (int i = 0; i < N; ++i) {
      left[i] = *reinterpret_cast<const float4*>(a + (y + 16 * i) * Tile<D>::kStride + d);
      right[i] = *reinterpret_cast<const float4*>(b + (x + 16 * i) * Tile<D>::kStride + d);
    }
#pragma unroll
    for (int i = 0; i < N; ++i)
#pragma unroll
      for (int j = 0; j < N; ++j) {
        results[i][j] += left[i].x * right[j].x;
        results[i][j] += left[i].y * right[j].y;
        results[i][j] += left[i].z * right[j].z;
        results[i][j] += left[i].w * right[j].w;
      }
  }
}

// Stores a thread's values of a tile of logits to shared memory, or those of its transpose.
template <int D, bool kTransposed, int N>
__device__ void store_square(float* square, const float (&values)[N][N]) {
  const int x = threadIdx.x % 16, y = threadIdx.x / 16;
#pragma unroll
  for (int i = 0; i < N; ++i)
#pragma unroll
    for (int j = 0; j < N; ++j) {
      const int row = y + 16 * i, column = x + 16 * j;
      square[kTransposed ? column * kSquareStride<D> + row : row * kSquareStride<D> + column] = values[i][j];
    }
}

// A thread holds D/16 columns of a result [rows, D]. They come in groups of kGroup neighbours, which are loaded as one vector.
template <int D>
constexpr int kGroup = D / 16 < 4 ? D / 16 : 4;
// Returns the column of a result that a thread holds as its c-th.
template <int D>
__device__ int column_of(int c) {
  return threadIdx.x % 16 * kGroup<D> + c / kGroup<D> * 16 * kGroup<D> + c % kGroup<D>;
}

template <int D>
__device__ void load_group(float (&to)[kGroup<D>], const float* from) {
  if constexpr (kGroup<D> == 4) *reinterpret_cast<float4*>(to) = *reinterpret_cast<const float4*>(from);
  else *reinterpret_cast<float2*>(to) = *reinterpret_cast<const float2*>(from);
}

// sums[i][c] += Σ_k weights[y + 16 i][k] · rows[k][column_of(c)].
template <int D, int N>
__device__ void multiply_add(const float* weights, const float* rows, float (&sums)[N][D / 16]) {
  const int y = threadIdx.x / 16;
#pragma unroll 2
  for (int k = 0; k < kTile<D>; k += 4) {
    alignas(16) float weight[N][4];
#pragma unroll
    for (int i = 0; i < N; ++i)
      *reinterpret_cast<float4*>(weight[i]) = *reinterpret_cast<const float4*>(weights + (y + 16 * i) * kSquareStride<D> + k);
#pragma unroll
    for (int part = 0; part < 4; ++part)
#pragma unroll
      for (int c = 0; c < D / 16; c += kGroup<D>) {
        alignas(16) float value[kGroup<D>];
        load_group<D>(value, rows + (k + part) * Tile<D>::kStride + column_of<D>(c));
#pragma unroll
        for (int i = 0; i < N; ++i)
#pragma unroll
          for (int e = 0; e < kGroup<D>; ++e) sums[i][c + e] += weight[i][part] * value[e];
      }
  }
}

// Maximum and sum over the 16 threads that share a row.
__device__ inline float row_max(float value) {
#pragma unroll
  for (int step = 8; step > 0; step /= 2) value = fmaxf(value, __shfl_xor_sync(0xffffffffu, value, step));
  return value;
}
__device__ inline float row_sum(float value) { return lane_sum<16>(value); }

// Stores a result to one head of the tokens first … first+count−1.
template <class T, int D, int N>
__device__ void store(const hies_cuda_rows& rows, long long first, int count, int head, int head_dim,
                      const float (&sums)[N][D / 16]) {
  const int y = threadIdx.x / 16;
#pragma unroll
  for (int i = 0; i < N; ++i) {
    if (y + 16 * i >= count) continue;
    T* row = row_of<T>(rows, first + y + 16 * i, head);
#pragma unroll
    for (int c = 0; c < D / 16; ++c)
      if (column_of<D>(c) < head_dim) row[column_of<D>(c)] = from_float<T>(sums[i][c]);
  }
}

}  // namespace hies::cuda::fma
