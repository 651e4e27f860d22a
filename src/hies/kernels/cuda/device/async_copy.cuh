#pragma once

#include <cstdint>

#include "hies/kernels/cuda/device/element.cuh"
#include "hies/kernels/cuda/device/sequence.cuh"

// Asynchronous copies from device memory into tiles in shared memory (PTX `cp.async`). A thread starts copies, commits them as
// one group, and waits for groups; other threads see the copied data after a barrier behind the wait.
namespace hies::cuda {

template <class T>
constexpr int kVector = 16 / sizeof(T);  // elements that one instruction copies

// The distance in elements of the rows of a tile [rows][D] in shared memory. Rows are padded by 16 bytes, so that eight of them
// start in different banks.
template <class T, int D>
constexpr int kRowStride = D + kVector<T>;

// Returns the 32-bit address that PTX instructions take for a pointer into shared memory.
__device__ inline std::uint32_t shared_address(const void* pointer) {
  return static_cast<std::uint32_t>(__cvta_generic_to_shared(pointer));
}

// Start copying 16 or 4 bytes to shared memory. If not `in_range`, nothing is read and zeros are written.
__device__ inline void copy16(void* to, const void* from, bool in_range) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;\n" ::"r"(shared_address(to)), "l"(from), "r"(in_range ? 16 : 0));
}
__device__ inline void copy4(void* to, const void* from, bool in_range) {
  asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;\n" ::"r"(shared_address(to)), "l"(from), "r"(in_range ? 4 : 0));
}
// Makes one group of the copies that this thread has started since the last commit.
__device__ inline void commit_copies() { asm volatile("cp.async.commit_group;\n"); }
// Waits until at most the N latest groups of this thread are incomplete.
template <int N>
__device__ void wait_copies() {
  asm volatile("cp.async.wait_group %0;\n" ::"n"(N));
}

// Starts copying `count` rows of one head, from token `first` on, into a tile of kRows rows. The rest of the tile becomes zero.
// If not `aligned` (rows_aligned), elements are copied one by one, at once.
template <class T, int D, int kRows, int kThreads>
__device__ void copy_tile(T* tile, const hies_cuda_rows& rows, long long first, int count, int head, int head_dim, bool aligned) {
  if (aligned) {
    constexpr int kRowVectors = D / kVector<T>;
#pragma unroll
    for (int i = threadIdx.x; i < kRows * kRowVectors; i += kThreads) {
      const int row = i / kRowVectors, column = i % kRowVectors * kVector<T>;
      const bool in_range = row < count && column < head_dim;
      copy16(tile + row * kRowStride<T, D> + column,
             row_of<T>(rows, first + (in_range ? row : 0), head) + (in_range ? column : 0), in_range);
    }
    return;
  }
  for (int i = threadIdx.x; i < kRows * D; i += kThreads) {
    const int row = i / D, column = i % D;
    const bool in_range = row < count && column < head_dim;
    tile[row * kRowStride<T, D> + column] = in_range ? row_of<T>(rows, first + row, head)[column] : from_float<T>(0.f);
  }
}

}  // namespace hies::cuda
