#pragma once

#include "hies/kernels/cuda/device/online_softmax.cuh"
#include "hies/kernels/cuda/device/products.cuh"

// What the backward kernels on tensor cores share. With P = softmax(S), S = scale·Q·Kᵀ and D_t = ⟨dO, O⟩ of a query: P = e^(S −
// lse) is computed again from the log-sum-exp, and dS = P ∘ (dO·Vᵀ − D_t), dV = Pᵀ·dO, dQ = scale·dS·K, dK = scale·dSᵀ·Q (Dao
// 2023, FlashAttention-2).
namespace hies::cuda {

// Starts copying lse and D_t of `count` queries of a head, from token `first` on, to arrays of kRows elements. The elements
// behind `count` become zero.
template <int kRows, int kThreads>
__device__ void copy_statistics(float* lse, float* inner, const hies_cuda_shape& shape, const hies_cuda_backward& arguments,
                                int first, int count, int head) {
  for (int i = threadIdx.x; i < kRows; i += kThreads) {
    const bool in_range = i < count;
    const long long index = static_cast<long long>(first + (in_range ? i : 0)) * shape.heads + head;
    copy4(lse + i, arguments.lse + index, in_range);
    copy4(inner + i, arguments.head_inner + index, in_range);
  }
}

// From p = K·Qᵀ and ds = V·dOᵀ of a warp's keys (rows) and a tile of queries (columns): p becomes Pᵀ and ds becomes dSᵀ. Row 0 is
// key `first_key`, column 0 is query `first_query` of the sequence. `lse` and `inner` belong to the tile's queries; `scale` is
// shape.scale·log2 e. If `masked`, some query attends to not all of the keys, or is behind the last of the sequence's `queries`.
// Calls visit(block, n) when the results of 8 columns are complete, so that the caller can store them while few registers are in
// use.
template <int kRowBlocks, int N, class Visit>
__device__ void transposed_dlogits(float (&p)[kRowBlocks][N][4], float (&ds)[kRowBlocks][N][4], const float* lse,
                                   const float* inner, LanePosition lane, float scale, const Mask& mask, bool masked,
                                   int first_query, int first_key, int queries, const Visit& visit) {
#pragma unroll
  for (int block = 0; block < kRowBlocks; ++block)
#pragma unroll
    for (int n = 0; n < N; ++n) {
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        const int column = 8 * n + 2 * lane.t + i % 2, query = first_query + column,
                  key = first_key + 16 * block + lane.g + i / 2 * 8;
        float value = exp2_fast(p[block][n][i] * scale - lse[column] * kLog2E);
        if (masked && !(query < queries && key >= mask.first_key(query) && key < mask.end_key(query))) value = 0;
        p[block][n][i] = value;
        ds[block][n][i] = value * (ds[block][n][i] - inner[column]);
      }
      visit(block, n);
    }
}

// Returns true if all rows of a backward pass can be read and written in vectors of 16 bytes.
template <class T>
bool backward_aligned(const hies_cuda_shape& shape, const hies_cuda_backward& arguments) {
  return rows_aligned<T>(shape,
                         {arguments.q, arguments.k, arguments.v, arguments.dout, arguments.dq, arguments.dk, arguments.dv});
}

}  // namespace hies::cuda
