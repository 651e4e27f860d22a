#pragma once

#include <climits>
#include <cstdint>

#include "hies/kernels/cuda/hies_cuda.h"

// The tokens of one sequence of a packed batch, and the attention mask. All attention kernels use them.
namespace hies::cuda {

struct Sequence {
  int first_query, queries;  // index of the first query token in the batch, and T
  int first_key, keys;       // index of the first key token in the batch, and S

  __device__ Sequence(const hies_cuda_shape& shape, int b)
      : first_query(shape.query_offsets[b]),
        queries(shape.query_offsets[b + 1] - shape.query_offsets[b]),
        first_key(shape.key_offsets[b]),
        keys(shape.key_offsets[b + 1] - shape.key_offsets[b]) {}
};

// Which keys a query attends to. Query i of a sequence has the position shift + i; keys have their index as position.
struct Mask {
  int shift, keys;
  int window;  // INT_MAX/2 without a sliding window
  bool causal;

  __device__ Mask(const hies_cuda_shape& shape, const Sequence& sequence)
      : shift(sequence.keys - sequence.queries),
        keys(sequence.keys),
        window(shape.window > 0 ? shape.window : INT_MAX / 2),
        causal(shape.causal != 0) {}

  // A query attends to the keys first_key(query) … end_key(query)−1.
  __device__ int end_key(int query) const { return causal ? max(0, min(keys, shift + query + 1)) : keys; }
  __device__ int first_key(int query) const { return causal ? max(0, shift + query + 1 - window) : 0; }
  // Of `queries` queries those from first_query(first) to end_query(last, queries)−1 attend to some key of first … last.
  __device__ int first_query(int first) const { return causal ? max(0, first - shift) : 0; }
  __device__ int end_query(int last, int queries) const {
    return causal ? max(0, static_cast<int>(min(static_cast<long long>(queries), static_cast<long long>(last) + window - shift)))
                  : queries;
  }
};

// Returns true if shape.skip_head leaves out the query head.
__device__ inline bool is_skipped(const hies_cuda_shape& shape, int head) {
  return shape.skip_head != nullptr && shape.skip_head[head] != 0;
}

// Returns the address of the first element of a head of a token.
template <class T>
__device__ T* row_of(const hies_cuda_rows& rows, long long token, int head) {
  return static_cast<T*>(rows.data) + token * rows.token_stride + head * rows.head_stride;
}

}  // namespace hies::cuda
