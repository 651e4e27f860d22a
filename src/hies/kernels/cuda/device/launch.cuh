#pragma once

#include <cstddef>
#include <type_traits>

#include <cuda_runtime.h>

#include "hies/kernels/cuda/device/element.cuh"
#include "hies/kernels/cuda/hies_cuda.h"

// Launching kernels, and choosing their instance by element type and head size.
namespace hies::cuda {

template <int N>
using Size = std::integral_constant<int, N>;

// Calls run(Size<N>{}) with the first of the ascending sizes that is at least head_dim, or with the last size.
template <int kFirst, int... kLarger, class Run>
int with_head_size(int head_dim, const Run& run) {
  if constexpr (sizeof...(kLarger) == 0) return run(Size<kFirst>{});
  else return head_dim <= kFirst ? run(Size<kFirst>{}) : with_head_size<kLarger...>(head_dim, run);
}

// Calls run(T{}, Size<N>{}) with the element type of a shape and the size that with_head_size chooses for its heads.
template <int... kSizes, class Run>
int with_type_and_size(const hies_cuda_shape& shape, const Run& run) {
  return with_type(shape.dtype, [&](auto element) {
    return with_head_size<kSizes...>(shape.head_dim, [&](auto size) { return run(element, size); });
  });
}

// Launches a kernel with `shared_bytes` of dynamic shared memory. Returns a CUDA error code. An empty grid launches nothing.
template <class... Parameters, class... Arguments>
int launch(void (*kernel)(Parameters...), dim3 grid, int threads, std::size_t shared_bytes, cudaStream_t stream,
           const Arguments&... arguments) {
  if (grid.x == 0 || grid.y == 0 || grid.z == 0) return cudaSuccess;
  if (shared_bytes > 48 * 1024) {  // above this limit a kernel has to opt in
    const cudaError_t error =
        cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(shared_bytes));
    if (error != cudaSuccess) return error;
  }
  kernel<<<grid, threads, shared_bytes, stream>>>(arguments...);
  return cudaGetLastError();
}

// Returns how many tiles of `tile` items cover `count` items.
inline unsigned tiles_of(long long count, int tile) { return static_cast<unsigned>((count + tile - 1) / tile); }

// Grids with one block for each tile of queries (or keys), query head (or KV head) and sequence, in this order of x, y, z.
inline dim3 query_grid(const hies_cuda_shape& shape, int tile) {
  return {tiles_of(shape.longest_queries, tile), static_cast<unsigned>(shape.heads), static_cast<unsigned>(shape.sequences)};
}
inline dim3 key_grid(const hies_cuda_shape& shape, int tile) {
  return {tiles_of(shape.longest_keys, tile), static_cast<unsigned>(shape.kv_heads), static_cast<unsigned>(shape.sequences)};
}

}  // namespace hies::cuda
