#pragma once

#include <initializer_list>

#include "hies/kernels/cuda/device/element.cuh"

// Vectorised loads and stores of rows.
namespace hies::cuda {

// The elements that a thread loads or stores with one instruction: 16 bytes, or one element where rows are not aligned to 16
// bytes.
template <class T, bool kVectorised>
struct RowVector {
  static constexpr int kSize = kVectorised ? 16 / sizeof(T) : 1;
  T element[kSize];
  __device__ static RowVector load(const T* from) {
    RowVector vector;
    if constexpr (kVectorised) *reinterpret_cast<uint4*>(vector.element) = *reinterpret_cast<const uint4*>(from);
    else vector.element[0] = *from;
    return vector;
  }
  __device__ void store(T* to) const {
    if constexpr (kVectorised) *reinterpret_cast<uint4*>(to) = *reinterpret_cast<const uint4*>(element);
    else *to = element[0];
  }
};

// Returns true if all rows of `width` elements that start at `pointers` can be read in vectors of 16 bytes. Null pointers are
// aligned.
template <class T>
bool vectorisable(std::int64_t width, std::initializer_list<const void*> pointers) {
  bool aligned = width % static_cast<std::int64_t>(16 / sizeof(T)) == 0;
  for (const void* pointer : pointers) aligned = aligned && reinterpret_cast<std::uintptr_t>(pointer) % 16 == 0;
  return aligned;
}

}  // namespace hies::cuda
