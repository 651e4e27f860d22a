#include "hies/kernels/cuda/device/attention.cuh"
#include "hies/kernels/cuda/device/attention_fma.cuh"
#include "hies/kernels/cuda/device/launch.cuh"
#include "hies/kernels/cuda/device/online_softmax.cuh"

namespace hies::cuda {
namespace fma {

// The online softmax of a thread's N rows (online_softmax.cuh), in nats. All 16 threads of a row hold the same state.
template <int N>
struct Softmax {
  float row_max[N], row_sum[N] = {}, shifted_sum[N] = {};

  __device__ Softmax() {
#pragma unroll
    for (int i = 0; i < N; ++i) row_max[i] = -INFINITY;
  }

  // Replaces the logits of row i in one tile, the keys from `first` on, by their weights. A query attends to the keys from …
  // to−1. Returns the factor that rescales what was summed before.
  __device__ float update(float (&logits)[N], int i, float scale, int first, int from, int to) {
    const int x = threadIdx.x % 16;
    float largest = -INFINITY;
#pragma unroll
    for (int j = 0; j < N; ++j) {
      const int key = first + x + 16 * j;
      logits[j] = key >= from && key < to ? logits[j] * scale : -INFINITY;
      largest = fmaxf(largest, logits[j]);
    }
    const float now = fmaxf(row_max[i], fma::row_max(largest)), base = now == -INFINITY ? 0.f : now;
    const float change = row_max[i] - base, factor = row_max[i] == -INFINITY ? 0.f : expf(change);
    float sum = 0, shifted = 0;
#pragma unroll
    for (int j = 0; j < N; ++j) {
      const float difference = logits[j] - base, weight = expf(difference);
      sum += weight;
      if (weight > 0) shifted += weight * difference;
      logits[j] = weight;
    }
    if (factor > 0) shifted_sum[i] = factor * (shifted_sum[i] + change * row_sum[i]);
    else shifted_sum[i] = 0;
    shifted_sum[i] += fma::row_sum(shifted);
    row_sum[i] = factor * row_sum[i] + fma::row_sum(sum);
    row_max[i] = now;
    return factor;
  }
};

// Divides a thread's rows by their row sums, and stores lse and entropy; `start` is the block's first query.
template <int D, int N>
__device__ void finish_rows(const Softmax<N>& softmax, float (&sums)[N][D / 16], const hies_cuda_shape& shape,
                            const hies_cuda_forward& arguments, const Sequence& sequence, const Mask& mask, int start, int head,
                            bool skip) {
  const int x = threadIdx.x % 16, y = threadIdx.x / 16;
#pragma unroll
  for (int i = 0; i < N; ++i) {
    const int query = start + y + 16 * i;
    const float row_sum = softmax.row_sum[i], inverse = row_sum > 0 ? 1 / row_sum : 0.f;
#pragma unroll
    for (int c = 0; c < D / 16; ++c) sums[i][c] *= inverse;
    if (x != 0 || query >= sequence.queries) continue;
    const long long index = static_cast<long long>(sequence.first_query + query) * shape.heads + head;
    const int keys = mask.end_key(query) - mask.first_key(query);
    store_statistics<true>(arguments, index, softmax.row_max[i], row_sum, softmax.shifted_sum[i], keys, skip);
  }
}

// One block: kTile queries of one head of one sequence.
template <class T, int D>
__global__ void __launch_bounds__(kThreads) forward(hies_cuda_shape shape, hies_cuda_forward arguments) {
  constexpr int kRows = kTile<D>, N = kRows / 16;
  const int head = blockIdx.y, b = blockIdx.z, start = blockIdx.x * kRows;
  const Sequence sequence(shape, b);
  if (start >= sequence.queries) return;
  const int count = min(kRows, sequence.queries - start), y = threadIdx.x / 16;
  const bool skip = is_skipped(shape, head), with_out = arguments.out.data != nullptr;
  extern __shared__ float4 memory[];
  float* queries = reinterpret_cast<float*>(memory);
  float *keys = queries + Tile<D>::kFloats, *values = keys + Tile<D>::kFloats, *weights = values + Tile<D>::kFloats;

  float sums[N][D / 16] = {};
  Softmax<N> softmax;
  const Mask mask(shape, sequence);
  const int end = skip ? 0 : mask.end_key(start + count - 1);
  const int kv = shape.kv_of_head[head];
  if (!skip) load_tile<T, D>(queries, arguments.q, sequence.first_query + start, count, head, shape.head_dim);
  for (int first = mask.first_key(start) / kRows * kRows; first < end; first += kRows) {
    const int tile_keys = min(kRows, sequence.keys - first);
    __syncthreads();
    load_tile<T, D>(keys, arguments.k, sequence.first_key + first, tile_keys, kv, shape.head_dim);
    if (with_out) load_tile<T, D>(values, arguments.v, sequence.first_key + first, tile_keys, kv, shape.head_dim);
    __syncthreads();
    float logits[N][N];
    multiply_transposed<D>(queries, keys, logits);
#pragma unroll
    for (int i = 0; i < N; ++i) {
      const int query = start + y + 16 * i;
      const float factor = softmax.update(logits[i], i, shape.scale, first, mask.first_key(query), mask.end_key(query));
#pragma unroll
      for (int c = 0; c < D / 16; ++c) sums[i][c] *= factor;
    }
    if (with_out) {
      store_square<D, false>(weights, logits);
      __syncthreads();
      multiply_add<D>(weights, values, sums);
    }
  }
  finish_rows<D>(softmax, sums, shape, arguments, sequence, mask, start, head, skip);
  if (with_out) store<T, D>(arguments.out, sequence.first_query + start, count, head, shape.head_dim, sums);
}

}  // namespace fma

int fma_forward(const hies_cuda_shape& shape, const hies_cuda_forward& arguments, cudaStream_t stream) {
  return with_type_and_size<32, 64, 128, 256>(shape, [&](auto element, auto size) {
    constexpr int kSize = size.value;
    constexpr std::size_t kBytes = (3 * fma::Tile<kSize>::kFloats + fma::kSquareFloats<kSize>)*sizeof(float);
    return launch(fma::forward<decltype(element), kSize>, query_grid(shape, fma::kTile<kSize>), fma::kThreads, kBytes, stream,
                  shape, arguments);
  });
}

}  // namespace hies::cuda
