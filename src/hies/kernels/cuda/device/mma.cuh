#pragma once

#include <cstdint>
#include <type_traits>

#include "hies/kernels/cuda/device/element.cuh"
#include "hies/kernels/cuda/device/tiles.cuh"

// Tensor-core products with operands from padded tiles in shared memory, and asynchronous copies into such tiles. Fragments are those
// of PTX `mma.m16n8k16`, or for float32, whose factors are rounded to TF32 as they are read, `mma.m16n8k8`: lane = 4·g + t holds rows
// g, g+8 and columns 2t, 2t+1 of a 16 × 8 result. In bytes, operands of both are the same.
namespace hies::cuda {

template <class T>
constexpr int kVector = 16 / sizeof(T);  // elements that are copied at once
template <class T>
constexpr int kDepth = 2 * kVector<T>;  // of one product: 16 or 8

// A tile [rows][D]; rows are 16 bytes longer, so that eight of them start in different banks.
template <class T, int D>
constexpr int kRowStride = D + kVector<T>;

__device__ inline std::uint32_t shared_address(const void* pointer) {
  return static_cast<std::uint32_t>(__cvta_generic_to_shared(pointer));
}

// 16 or 4 bytes from device memory; zeros where `there` is false.
__device__ inline void copy16(void* to, const void* from, bool there) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;\n" ::"r"(shared_address(to)), "l"(from), "r"(there ? 16 : 0));
}
__device__ inline void copy4(void* to, const void* from, bool there) {
  asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;\n" ::"r"(shared_address(to)), "l"(from), "r"(there ? 4 : 0));
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
    constexpr int kParts = D / kVector<T>;
#pragma unroll
    for (int i = threadIdx.x; i < kRows * kParts; i += kThreads) {
      const int row = i / kParts, column = i % kParts * kVector<T>;
      const bool there = row < count && column < head_dim;
      copy16(tile + row * kRowStride<T, D> + column, row_of<T>(rows, first + (there ? row : 0), head) + (there ? column : 0),
             there);
    }
    return;
  }
  for (int i = threadIdx.x; i < kRows * D; i += kThreads) {
    const int row = i / D, column = i % D;
    const bool there = row < count && column < head_dim;
    tile[row * kRowStride<T, D> + column] = there ? row_of<T>(rows, first + row, head)[column] : from_float<T>(0.f);
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

// Factors as the tensor cores take them.
template <class T>
__device__ void round_factors(std::uint32_t (&factors)[4]) {
  if constexpr (std::is_same_v<T, float>)
#pragma unroll
    for (std::uint32_t& factor : factors) factor = as_tf32(__uint_as_float(factor));
}

// The left operand: rows row … row+15, columns column … column+kDepth−1 of a tile.
template <class T, int D>
__device__ void load_left(std::uint32_t (&to)[4], const T* tile, int row, int column) {
  const int lane = threadIdx.x % 32;
  load_matrices(to, tile + (row + lane % 16) * kRowStride<T, D> + column + lane / 16 * kVector<T>);
  round_factors<T>(to);
}
// The right operand of `left · tileᵀ`: two blocks of 8 rows from `row` on; to[0..1] is the first, to[2..3] the second.
template <class T, int D>
__device__ void load_right_rows(std::uint32_t (&to)[4], const T* tile, int row, int column) {
  const int lane = threadIdx.x % 32;
  load_matrices(to, tile + (row + lane % 8 + lane / 16 * 8) * kRowStride<T, D> + column + lane / 8 % 2 * kVector<T>);
  round_factors<T>(to);
}

// The right operand of `left · tile` comes for several blocks of 8 columns at once.
template <class T>
constexpr int kColumnBlocks = sizeof(T) == 2 ? 2 : 4;
// kDepth rows from `row` on. float32 has no transposing load: a lane reads four neighbouring columns of two neighbouring rows, which
// stand for k = t and t+4 (see as_left), so that column c of block i is column 4·c + i of the tile.
template <class T, int D>
__device__ void load_right_columns(std::uint32_t (&to)[kColumnBlocks<T>][2], const T* tile, int row, int column) {
  const int lane = threadIdx.x % 32;
  if constexpr (std::is_same_v<T, float>) {
    const float* from = tile + (row + lane % 4 * 2) * kRowStride<T, D> + column + lane / 4 * 4;
    const float4 even = *reinterpret_cast<const float4*>(from), odd = *reinterpret_cast<const float4*>(from + kRowStride<T, D>);
    to[0][0] = as_tf32(even.x), to[1][0] = as_tf32(even.y), to[2][0] = as_tf32(even.z), to[3][0] = as_tf32(even.w);
    to[0][1] = as_tf32(odd.x), to[1][1] = as_tf32(odd.y), to[2][1] = as_tf32(odd.z), to[3][1] = as_tf32(odd.w);
  } else {
    std::uint32_t both[4];
    load_transposed(both, tile + (row + lane % 16) * kRowStride<T, D> + column + lane / 16 * 8);
    to[0][0] = both[0], to[0][1] = both[1], to[1][0] = both[2], to[1][1] = both[3];
  }
}

template <class T>
__device__ void multiply_add(float (&sum)[4], const std::uint32_t (&left)[4], std::uint32_t right0, std::uint32_t right1) {
  if constexpr (std::is_same_v<T, float>)
    asm("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};\n"
        : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
        : "r"(left[0]), "r"(left[1]), "r"(left[2]), "r"(left[3]), "r"(right0), "r"(right1));
  else if constexpr (std::is_same_v<T, bf16>)
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

// Two neighbouring elements.
template <class T>
__device__ void store_pair(T* to, float low, float high) {
  if constexpr (std::is_same_v<T, float>) *reinterpret_cast<float2*>(to) = {low, high};
  else *reinterpret_cast<std::uint32_t*>(to) = packed<T>(low, high);
}

// kDepth columns of results as a left operand. In TF32 columns 2t and 2t+1 take the places k = t and t+4.
template <class T>
__device__ void as_left(std::uint32_t (&to)[4], const float (*results)[4]) {
  if constexpr (std::is_same_v<T, float>) {
    to[0] = as_tf32(results[0][0]), to[1] = as_tf32(results[0][2]), to[2] = as_tf32(results[0][1]),
    to[3] = as_tf32(results[0][3]);
  } else {
    to[0] = packed<T>(results[0][0], results[0][1]);
    to[1] = packed<T>(results[0][2], results[0][3]);
    to[2] = packed<T>(results[1][0], results[1][1]);
    to[3] = packed<T>(results[1][2], results[1][3]);
  }
}

// What as_left took from results by rounding them to TF32.
__device__ inline void rest_of_left(std::uint32_t (&to)[4], const std::uint32_t (&left)[4], const float (&results)[4]) {
#pragma unroll
  for (int i = 0; i < 4; ++i) to[i] = as_tf32(results[i % 2 * 2 + i / 2] - __uint_as_float(left[i]));
}

// Rows [16 of a warp][D] of results, times a factor per row, into device memory; `aligned`: neighbouring columns at once.
template <class T, int D>
__device__ void store_rows(const hies_cuda_rows& rows, long long first, int row, int count, int head, int head_dim,
                           const float (&sums)[D / 8][4], float upper, float lower, bool aligned) {
  constexpr int kRun = kColumnBlocks<T>;  // neighbouring columns that a lane holds
  const int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const int here = row + g + 8 * half;
    if (here >= count) continue;
    T* to = row_of<T>(rows, first + here, head);
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
