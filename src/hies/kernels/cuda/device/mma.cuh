#pragma once

#include <cstdint>
#include <type_traits>

#include "hies/kernels/cuda/device/async_copy.cuh"
#include "hies/kernels/cuda/device/element.cuh"
#include "hies/kernels/cuda/device/lane_position.cuh"

// One tensor-core product of a warp (PTX `mma.sync`) and its fragments: c (16 × 8) += a (16 × kDepth) · b (kDepth × 8). Two-byte
// types use m16n8k16; float32 uses m16n8k8, its factors are rounded to TF32 when they are read. Lane 4·g + t holds the elements
// (g, 2t), (g, 2t+1), (g+8, 2t), (g+8, 2t+1) of c, in this order. Counted in bytes, the fragments of a and b are the same for all
// types.
namespace hies::cuda {

template <class T>
constexpr int kDepth = 2 * kVector<T>;  // the inner dimension of one product: 16, or 8 for float32

// Load four 8 × 8 matrices (of 2-byte elements) from shared memory; each lane gives the address of one row.
__device__ inline void load_matrices(std::uint32_t (&to)[4], const void* from) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];\n"
               : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
               : "r"(shared_address(from)));
}
__device__ inline void load_matrices_transposed(std::uint32_t (&to)[4], const void* from) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];\n"
               : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
               : "r"(shared_address(from)));
}

// Rounds float32 factors to TF32; 2-byte types stay as they are.
template <class T>
__device__ void round_factors(std::uint32_t (&factors)[4]) {
  if constexpr (std::is_same_v<T, float>)
#pragma unroll
    for (std::uint32_t& factor : factors) factor = to_tf32(__uint_as_float(factor));
}

// Loads the fragment a: rows row … row+15 and columns column … column+kDepth−1 of a tile.
template <class T, int D>
__device__ void load_a(std::uint32_t (&to)[4], const T* tile, int row, int column) {
  const int lane = threadIdx.x % 32;
  load_matrices(to, tile + (row + lane % 16) * kRowStride<T, D> + column + lane / 16 * kVector<T>);
  round_factors<T>(to);
}
// Loads two fragments b of the product a · tileᵀ: to[0..1] for the tile's rows row … row+7, to[2..3] for the eight rows behind
// them; the inner dimension is the columns column … column+kDepth−1.
template <class T, int D>
__device__ void load_b_of_transpose(std::uint32_t (&to)[4], const T* tile, int row, int column) {
  const int lane = threadIdx.x % 32;
  load_matrices(to, tile + (row + lane % 8 + lane / 16 * 8) * kRowStride<T, D> + column + lane / 8 % 2 * kVector<T>);
  round_factors<T>(to);
}

// How many fragments b of the product a · tile one call of load_b loads.
template <class T>
constexpr int kColumnBlocks = sizeof(T) == 2 ? 2 : 4;
// Loads kColumnBlocks fragments b of the product a · tile: the inner dimension is the rows row … row+kDepth−1, fragment i has the
// columns column+8i … column+8i+7. ldmatrix cannot transpose float32. There a lane reads four neighbouring columns of two
// neighbouring rows, which serve as k = t and k = t+4 (to_a orders its columns alike), so that column c of fragment i is column
// 4·c + i of the tile.
template <class T, int D>
__device__ void load_b(std::uint32_t (&to)[kColumnBlocks<T>][2], const T* tile, int row, int column) {
  const int lane = threadIdx.x % 32;
  if constexpr (std::is_same_v<T, float>) {
    const float* from = tile + (row + lane % 4 * 2) * kRowStride<T, D> + column + lane / 4 * 4;
    const float4 even = *reinterpret_cast<const float4*>(from), odd = *reinterpret_cast<const float4*>(from + kRowStride<T, D>);
    to[0][0] = to_tf32(even.x), to[1][0] = to_tf32(even.y), to[2][0] = to_tf32(even.z), to[3][0] = to_tf32(even.w);
    to[0][1] = to_tf32(odd.x), to[1][1] = to_tf32(odd.y), to[2][1] = to_tf32(odd.z), to[3][1] = to_tf32(odd.w);
  } else {
    std::uint32_t both[4];
    load_matrices_transposed(both, tile + (row + lane % 16) * kRowStride<T, D> + column + lane / 16 * 8);
    to[0][0] = both[0], to[0][1] = both[1], to[1][0] = both[2], to[1][1] = both[3];
  }
}

// c += a · b.
template <class T>
__device__ void mma(float (&c)[4], const std::uint32_t (&a)[4], std::uint32_t b0, std::uint32_t b1) {
  if constexpr (std::is_same_v<T, float>)
    asm("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};\n"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
  else if constexpr (std::is_same_v<T, bf16>)
    asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};\n"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
  else
    asm("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};\n"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

// Returns two float32 numbers rounded to the 2-byte type T, `low` in the low half.
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

// Stores two neighbouring elements.
template <class T>
__device__ void store_pair(T* to, float low, float high) {
  if constexpr (std::is_same_v<T, float>) *reinterpret_cast<float2*>(to) = {low, high};
  else *reinterpret_cast<std::uint32_t*>(to) = packed<T>(low, high);
}

// Converts kDepth columns of results (fragments c, 8 columns each) to a fragment a. In TF32 columns 2t and 2t+1 become k = t and
// k = t+4.
template <class T>
__device__ void to_a(std::uint32_t (&to)[4], const float (*results)[4]) {
  if constexpr (std::is_same_v<T, float>) {
    to[0] = to_tf32(results[0][0]), to[1] = to_tf32(results[0][2]), to[2] = to_tf32(results[0][1]),
    to[3] = to_tf32(results[0][3]);
  } else {
    to[0] = packed<T>(results[0][0], results[0][1]);
    to[1] = packed<T>(results[0][2], results[0][3]);
    to[2] = packed<T>(results[1][0], results[1][1]);
    to[3] = packed<T>(results[1][2], results[1][3]);
  }
}

// Computes what to_a lost of `results` by rounding them to TF32, as another fragment a.
__device__ inline void tf32_remainder(std::uint32_t (&to)[4], const std::uint32_t (&a)[4], const float (&results)[4]) {
#pragma unroll
  for (int i = 0; i < 4; ++i) to[i] = to_tf32(results[i % 2 * 2 + i / 2] - __uint_as_float(a[i]));
}

}  // namespace hies::cuda
