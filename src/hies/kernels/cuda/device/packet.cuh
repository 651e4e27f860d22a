#pragma once

#include <initializer_list>

#include "hies/kernels/cuda/device/element.cuh"

// What kernels over rows share.
namespace hies::cuda {

constexpr int kRowThreads = 256;

// Sixteen bytes of a row at a time, or one element where rows are not aligned.
template <class T, bool kWide>
struct Packet {
  static constexpr int kSize = kWide ? 16 / sizeof(T) : 1;
  T element[kSize];
  __device__ static Packet load(const T* from) {
    Packet packet;
    if constexpr (kWide) *reinterpret_cast<uint4*>(packet.element) = *reinterpret_cast<const uint4*>(from);
    else packet.element[0] = *from;
    return packet;
  }
  __device__ void store(T* to) const {
    if constexpr (kWide) *reinterpret_cast<uint4*>(to) = *reinterpret_cast<const uint4*>(element);
    else *to = element[0];
  }
};

template <class T>
bool wide(std::int64_t width, std::initializer_list<const void*> pointers) {
  bool aligned = width % static_cast<std::int64_t>(16 / sizeof(T)) == 0;
  for (const void* pointer : pointers) aligned = aligned && reinterpret_cast<std::uintptr_t>(pointer) % 16 == 0;
  return aligned;
}

// Adds up over a block of kRowThreads, in one fixed order; all threads get the sum.
template <class Sum>
__device__ Sum block_sum(Sum value) {
  __shared__ Sum parts[kRowThreads / 32];
#pragma unroll
  for (int step = 16; step > 0; step /= 2) value += __shfl_xor_sync(0xffffffffu, value, step);
  __syncthreads();
  if (threadIdx.x % 32 == 0) parts[threadIdx.x / 32] = value;
  __syncthreads();
  Sum sum = 0;
#pragma unroll
  for (int i = 0; i < kRowThreads / 32; ++i) sum += parts[i];
  return sum;
}

}  // namespace hies::cuda
