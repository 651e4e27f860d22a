#pragma once

#include <cstddef>
#include <type_traits>

#include <cuda_runtime.h>

#include "hies/kernels/cuda/device/element.cuh"
#include "hies/kernels/cuda/hies_cuda.h"

// Starting kernels, and those that abi.cu chooses between.
namespace hies::cuda {

template <int N>
using Size = std::integral_constant<int, N>;

// Calls run(Size<N>{}) with the smallest of the sizes, or the last, that holds a head.
template <int kFirst, int... kLarger, class Run>
int with_head_size(int head_dim, const Run& run) {
  if constexpr (sizeof...(kLarger) == 0) return run(Size<kFirst>{});
  else return head_dim <= kFirst ? run(Size<kFirst>{}) : with_head_size<kLarger...>(head_dim, run);
}

// Calls run(T{}, Size<N>{}) with the element type of a shape and the smallest of the sizes, or the last, that holds its heads.
template <int... kSizes, class Run>
int with_type_and_size(const hies_cuda_shape& shape, const Run& run) {
  return with_type(shape.dtype, [&](auto element) {
    return with_head_size<kSizes...>(shape.head_dim, [&](auto size) { return run(element, size); });
  });
}

template <class... Parameters, class... Arguments>
int launch(void (*kernel)(Parameters...), dim3 grid, int threads, std::size_t shared_bytes, cudaStream_t stream,
           const Arguments&... arguments) {
  if (grid.x == 0 || grid.y == 0 || grid.z == 0) return cudaSuccess;
  if (shared_bytes > 48 * 1024) {
    const cudaError_t error =
        cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(shared_bytes));
    if (error != cudaSuccess) return error;
  }
  kernel<<<grid, threads, shared_bytes, stream>>>(arguments...);
  return cudaGetLastError();
}

inline unsigned tiles_of(long long count, int tile) { return static_cast<unsigned>((count + tile - 1) / tile); }

inline dim3 query_grid(const hies_cuda_shape& shape, int tile) {
  return {tiles_of(shape.longest_queries, tile), static_cast<unsigned>(shape.heads), static_cast<unsigned>(shape.sequences)};
}
inline dim3 key_grid(const hies_cuda_shape& shape, int tile) {
  return {tiles_of(shape.longest_keys, tile), static_cast<unsigned>(shape.kv_heads), static_cast<unsigned>(shape.sequences)};
}

// <dout, out> per token and head.
int head_inner(const hies_cuda_shape& shape, const hies_cuda_backward& arguments, cudaStream_t stream);

// With multiply-adds in float32: every type and head size.
int simple_forward(const hies_cuda_shape& shape, const hies_cuda_forward& arguments, cudaStream_t stream);
int simple_backward(const hies_cuda_shape& shape, const hies_cuda_backward& arguments, cudaStream_t stream);

// On tensor cores: bfloat16, float16 and, in TF32, float32; heads of at most 128.
int tensor_forward(const hies_cuda_shape& shape, const hies_cuda_forward& arguments, cudaStream_t stream);
int tensor_backward(const hies_cuda_shape& shape, const hies_cuda_backward& arguments, cudaStream_t stream);
// The same for short sequences with heads of at most 64.
bool is_short(const hies_cuda_shape& shape);
int short_backward(const hies_cuda_shape& shape, const hies_cuda_backward& arguments, cudaStream_t stream);
// bfloat16 and float16 with what only GPUs of capability 9.0 have.
int hopper_forward(const hies_cuda_shape& shape, const hies_cuda_forward& arguments, cudaStream_t stream);

}  // namespace hies::cuda
