#pragma once

#include <cstdint>
#include <type_traits>

#include "hies/kernels/cuda/device/element.cuh"
#include "hies/kernels/cuda/device/tiles.cuh"

// Tensor-core products of 16 × 16 × 8 with operands from padded tiles in shared memory, and asynchronous copies into such tiles.
// Fragments are those of PTX `mma.m16n8k16`: lane = 4·g + t holds rows g, g+8 and columns 2t, 2t+1 of a 16 × 8 result.
namespace hies::cuda {

// A tile [rows][D] of 2-byte elements; rows are 16 bytes longer, so that eight of them start in different banks.
template <int D>
constexpr int kRowStride = D + 8;

__device__ inline std::uint32_t shared_address(const void* pointer) {
  return static_cast<std::uint32_t>(__cvta_generic_to_shared(pointer));
}

// 16 bytes from device memory; zeros where `there` is false.
__device__ inline void copy16(void* to, const void* from, bool there) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;\n" ::"r"(shared_address(to)), "l"(from), "r"(there ? 16 : 0));
}
__device__ inline void commit_copies() { asm volatile("cp.async.commit_group;\n"); }
template <int N>
__device__ void wait_copies() {
  asm volatile("cp.async.wait_group %0;\n" ::"n"(N));
}

// Starts copying `count` rows from token `first` on into a tile of kRows; the rest of the tile becomes zero.
template <class T, int D, int kRows, int kThreads>
__device__ void copy_tile(T* tile, const hies_cuda_rows& rows, long long first, int count, int head, int head_dim, bool aligned) {
  if (aligned) {
    constexpr int kParts = D / 8;
#pragma unroll
    for (int i = threadIdx.x; i < kRows * kParts; i += kThreads) {
      const int row = i / kParts, column = i % kParts * 8;
      const bool there = row < count && column < head_dim;
      copy16(tile + row * kRowStride<D> + column, row_of<T>(rows, first + (there ? row : 0), head) + (there ? column : 0), there);
    }
    return;
  }
  for (int i = threadIdx.x; i < kRows * D; i += kThreads) {
    const int row = i / D, column = i % D;
    const bool there = row < count && column < head_dim;
    tile[row * kRowStride<D> + column] = there ? row_of<T>(rows, first + row, head)[column] : from_float<T>(0.f);
  }
}

__device__ inline void load_matrices(std::uint32_t (&to)[4], const void* from) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];\n"
               : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
               : "r"(shared_address(from)));
}
__device__ inline void load_transposed(std::uint32_t (&to)[4], const void* from) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];\n"
               : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
               : "r"(shared_address(from)));
}

// The left operand: rows row … row+15, columns column … column+15 of a tile.
template <int D, class T>
__device__ void load_left(std::uint32_t (&to)[4], const T* tile, int row, int column) {
  const int lane = threadIdx.x % 32;
  load_matrices(to, tile + (row + lane % 16) * kRowStride<D> + column + lane / 16 * 8);
}
// The right operand of `left · tileᵀ`: two blocks of 8 rows from `row` on; to[0..1] is the first, to[2..3] the second.
template <int D, class T>
__device__ void load_right_rows(std::uint32_t (&to)[4], const T* tile, int row, int column) {
  const int lane = threadIdx.x % 32;
  load_matrices(to, tile + (row + lane % 8 + lane / 16 * 8) * kRowStride<D> + column + lane / 8 % 2 * 8);
}
// The right operand of `left · tile`: 16 rows, two blocks of 8 columns from `column` on.
template <int D, class T>
__device__ void load_right_columns(std::uint32_t (&to)[4], const T* tile, int row, int column) {
  const int lane = threadIdx.x % 32;
  load_transposed(to, tile + (row + lane % 16) * kRowStride<D> + column + lane / 16 * 8);
}

template <class T>
__device__ void multiply_add(float (&sum)[4], const std::uint32_t (&left)[4], std::uint32_t right0, std::uint32_t right1) {
  if constexpr (std::is_same_v<T, bf16>)
    asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};\n"
        : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
        : "r"(left[0]), "r"(left[1]), "r"(left[2]), "r"(left[3]), "r"(right0), "r"(right1));
  else
    asm("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};\n"
        : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
        : "r"(left[0]), "r"(left[1]), "r"(left[2]), "r"(left[3]), "r"(right0), "r"(right1));
}

template <class T>
__device__ std::uint32_t packed(float low, float high) {
  if constexpr (std::is_same_v<T, bf16>) {
    const __nv_bfloat162 pair = __floats2bfloat162_rn(low, high);
    return *reinterpret_cast<const std::uint32_t*>(&pair);
  } else {
    const __half2 pair = __floats2half2_rn(low, high);
    return *reinterpret_cast<const std::uint32_t*>(&pair);
  }
}

// Two neighbouring 16 × 8 results as a left operand.
template <class T>
__device__ void as_left(std::uint32_t (&to)[4], const float (&first)[4], const float (&second)[4]) {
  to[0] = packed<T>(first[0], first[1]);
  to[1] = packed<T>(first[2], first[3]);
  to[2] = packed<T>(second[0], second[1]);
  to[3] = packed<T>(second[2], second[3]);
}

// Rows [16·blocks of a warp][D] of results, times a factor per row, into device memory.
template <class T, int D>
__device__ void store_rows(const hies_cuda_rows& rows, long long first, int row, int count, int head, int head_dim,
                           const float (&sums)[D / 8][4], float upper, float lower, bool pairs) {
  const int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const int here = row + g + 8 * half;
    if (here >= count) continue;
    T* to = row_of<T>(rows, first + here, head);
    const float factor = half == 0 ? upper : lower;
#pragma unroll
    for (int n = 0; n < D / 8; ++n) {
      const int column = n * 8 + 2 * t;
      const float a = sums[n][2 * half] * factor, b = sums[n][2 * half + 1] * factor;
      if (pairs && column < head_dim) *reinterpret_cast<std::uint32_t*>(to + column) = packed<T>(a, b);
      if (pairs) continue;
      if (column < head_dim) to[column] = from_float<T>(a);
      if (column + 1 < head_dim) to[column + 1] = from_float<T>(b);
    }
  }
}

// Sum and largest over the four lanes that share a row.
__device__ inline float quad_sum(float x) {
  x += __shfl_xor_sync(0xffffffffu, x, 1);
  return x + __shfl_xor_sync(0xffffffffu, x, 2);
}
__device__ inline float quad_max(float x) {
  x = fmaxf(x, __shfl_xor_sync(0xffffffffu, x, 1));
  return fmaxf(x, __shfl_xor_sync(0xffffffffu, x, 2));
}

__device__ inline float exp2_fast(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;\n" : "=f"(y) : "f"(x));
  return y;
}

constexpr float kLog2E = 1.4426950408889634f, kLn2 = 0.6931471805599453f;

}  // namespace hies::cuda
