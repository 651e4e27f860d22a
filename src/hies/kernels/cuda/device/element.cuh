#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cstdint>
#include <initializer_list>

#include "hies/kernels/cuda/hies_cuda.h"

// The three element types of tensors, their conversions, and the checks whether rows may be read in vectors of 16 bytes.
namespace hies::cuda {

using bf16 = __nv_bfloat16;
using fp16 = __half;

__device__ inline float to_float(float x) { return x; }
__device__ inline float to_float(bf16 x) { return __bfloat162float(x); }
__device__ inline float to_float(fp16 x) { return __half2float(x); }

template <class T>
__device__ T from_float(float x);
template <>
__device__ inline float from_float<float>(float x) {
  return x;
}
template <>
__device__ inline bf16 from_float<bf16>(float x) {
  return __float2bfloat16_rn(x);
}
template <>
__device__ inline fp16 from_float<fp16>(float x) {
  return __float2half_rn(x);
}

// Returns the bits of x rounded to TF32, as a tensor core reads them. On sm_90 cvt.rn is one instruction and cvt.rna several;
// older architectures have cvt.rna alone.
__device__ inline std::uint32_t to_tf32(float x) {
  std::uint32_t y;
#if __CUDA_ARCH__ >= 900
  asm("cvt.rn.tf32.f32 %0, %1;\n" : "=r"(y) : "f"(x));
#else
  asm("cvt.rna.tf32.f32 %0, %1;\n" : "=r"(y) : "f"(x));
#endif
  return y;
}

// Calls visit(T{}) with the element type that `dtype` (enum hies_cuda_dtype) names and returns what it returns, a CUDA error
// code. Returns cudaErrorInvalidValue for an unknown dtype.
template <class Visit>
int with_type(std::int32_t dtype, const Visit& visit) {
  switch (dtype) {
    case HIES_CUDA_FLOAT32: return visit(float{});
    case HIES_CUDA_BFLOAT16: return visit(bf16{});
    case HIES_CUDA_FLOAT16: return visit(fp16{});
    default: return cudaErrorInvalidValue;
  }
}

// Returns true if each head of each row starts at a multiple of 16 bytes.
inline bool aligned16(const hies_cuda_rows& rows, std::size_t element_bytes) {
  return (reinterpret_cast<std::uintptr_t>(rows.data) | static_cast<std::uintptr_t>(rows.token_stride * element_bytes) |
          static_cast<std::uintptr_t>(rows.head_stride * element_bytes)) %
             16 ==
         0;
}

// Returns true if each head of each row of `all` can be read in whole vectors of 16 bytes; a head has shape.head_dim elements of
// type T.
template <class T>
bool rows_aligned(const hies_cuda_shape& shape, std::initializer_list<hies_cuda_rows> all) {
  bool aligned = shape.head_dim * sizeof(T) % 16 == 0;
  for (const hies_cuda_rows& rows : all) aligned = aligned && aligned16(rows, sizeof(T));
  return aligned;
}

}  // namespace hies::cuda
