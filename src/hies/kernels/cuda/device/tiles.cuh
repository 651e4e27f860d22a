#pragma once

#include <climits>
#include <cstdint>

#include "hies/kernels/cuda/hies_cuda.h"

// Which tokens a block works on. Shared by all attention kernels.
namespace hies::cuda {

struct Sequence {
  int first_query, queries;  // T
  int first_key, keys;       // S

  __device__ Sequence(const hies_cuda_shape& shape, int b)
      : first_query(shape.query_offsets[b]),
        queries(shape.query_offsets[b + 1] - shape.query_offsets[b]),
        first_key(shape.key_offsets[b]),
        keys(shape.key_offsets[b + 1] - shape.key_offsets[b]) {}
};

// What may be seen. Query i stands at position shift + i.
struct Mask {
  int shift, keys;
  int window;  // INT_MAX/2: none
  bool causal;

  __device__ Mask(const hies_cuda_shape& shape, const Sequence& sequence)
      : shift(sequence.keys - sequence.queries),
        keys(sequence.keys),
        window(shape.window > 0 ? shape.window : INT_MAX / 2),
        causal(shape.causal != 0) {}

  // The keys first_key … end_key-1 that a query sees.
  __device__ int end_key(int query) const { return causal ? max(0, min(keys, shift + query + 1)) : keys; }
  __device__ int first_key(int query) const { return causal ? max(0, shift + query + 1 - window) : 0; }
  // The queries first_query … end_query-1 of `queries` that may see some key of first … last.
  __device__ int first_query(int first) const { return causal ? max(0, first - shift) : 0; }
  __device__ int end_query(int last, int queries) const {
    return causal ? max(0, static_cast<int>(min(static_cast<long long>(queries), static_cast<long long>(last) + window - shift)))
                  : queries;
  }
};

__device__ inline bool skipped(const hies_cuda_shape& shape, int head) {
  return shape.skip_head != nullptr && shape.skip_head[head] != 0;
}

template <class T>
__device__ T* row_of(const hies_cuda_rows& rows, long long token, int head) {
  return static_cast<T*>(rows.data) + token * rows.token_stride + head * rows.head_stride;
}

// H/ln n of a row that sees n keys, from l = Σ e^(s-m) and t = Σ e^(s-m)·(s-m), s in nats.
__device__ inline float normalised_entropy(float sum, float shifted, int seen) {
  if (seen < 2) return 0;
  return fmaxf(0.f, (logf(sum) - shifted / sum) / logf(static_cast<float>(seen)));
}

}  // namespace hies::cuda
