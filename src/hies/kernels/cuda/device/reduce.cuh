#pragma once

// Sums over the threads of a warp or of a block. Each adds in one fixed order, so that results are the same bits in every run.
namespace hies::cuda {

constexpr int kRowThreads = 256;  // threads of a block in all kernels that reduce rows

// Returns the sum of `value` over the kLanes (a power of two, at most 32) neighbouring lanes that this lane belongs to.
template <int kLanes, class Sum>
__device__ Sum lane_sum(Sum value) {
#pragma unroll
  for (int step = kLanes / 2; step > 0; step /= 2) value += __shfl_xor_sync(0xffffffffu, value, step);
  return value;
}

// Returns the sum of `value` over the kRowThreads threads of the block, which all have to call it.
template <class Sum>
__device__ Sum block_sum(Sum value) {
  __shared__ Sum parts[kRowThreads / 32];
  value = lane_sum<32>(value);
  __syncthreads();
  if (threadIdx.x % 32 == 0) parts[threadIdx.x / 32] = value;
  __syncthreads();
  Sum sum = 0;
#pragma unroll
  for (int i = 0; i < kRowThreads / 32; ++i) sum += parts[i];
  return sum;
}

}  // namespace hies::cuda
