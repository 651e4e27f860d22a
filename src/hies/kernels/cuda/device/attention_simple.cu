#include "hies/kernels/cuda/device/attention_simple.cuh"

#include "hies/kernels/cuda/device/launch.cuh"

namespace hies::cuda {
namespace simple {

// One block: kTile queries of one head of one sequence.
template <class T, int D>
__global__ void __launch_bounds__(kThreads) forward(hies_cuda_shape shape, hies_cuda_forward arguments) {
  constexpr int kRows = kTile<D>, N = kRows / 16;
  const int head = blockIdx.y, b = blockIdx.z, start = blockIdx.x * kRows;
  const Sequence sequence(shape, b);
  if (start >= sequence.queries) return;
  const int count = min(kRows, sequence.queries - start);
  const int x = threadIdx.x % 16, y = threadIdx.x / 16;
  const bool left_out = skipped(shape, head);
  extern __shared__ float4 memory[];
  float* queries = reinterpret_cast<float*>(memory);
  float *keys = queries + Tile<D>::kFloats, *values = keys + Tile<D>::kFloats, *weights = values + Tile<D>::kFloats;

  float sums[N][D / 16] = {}, most[N], total[N] = {}, shifted[N] = {};
#pragma unroll
  for (int i = 0; i < N; ++i) most[i] = -INFINITY;
  const Mask mask(shape, sequence);
  const int end = left_out ? 0 : mask.end_key(start + count - 1);
  const int kv = shape.kv_of_head[head];
  if (!left_out) load_tile<T, D>(queries, arguments.q, sequence.first_query + start, count, head, shape.head_dim);
  for (int first = mask.first_key(start) / kRows * kRows; first < end; first += kRows) {
    const int here = min(kRows, sequence.keys - first);
    __syncthreads();
    load_tile<T, D>(keys, arguments.k, sequence.first_key + first, here, kv, shape.head_dim);
    if (arguments.out.data != nullptr) load_tile<T, D>(values, arguments.v, sequence.first_key + first, here, kv, shape.head_dim);
    __syncthreads();
    float logits[N][N];
    products<D>(queries, keys, logits);
#pragma unroll
    for (int i = 0; i < N; ++i) {
      const int query = start + y + 16 * i, from = mask.first_key(query), to = mask.end_key(query);
      float largest = -INFINITY;
#pragma unroll
      for (int j = 0; j < N; ++j) {
        const int key = first + x + 16 * j;
        logits[i][j] = key >= from && key < to ? logits[i][j] * shape.scale : -INFINITY;
        largest = fmaxf(largest, logits[i][j]);
      }
      const float now = fmaxf(most[i], row_max(largest)), safe = now == -INFINITY ? 0.f : now;
      const float down = most[i] - safe, factor = most[i] == -INFINITY ? 0.f : expf(down);
      float sum = 0, turned = 0;
#pragma unroll
      for (int j = 0; j < N; ++j) {
        const float below = logits[i][j] - safe, weight = expf(below);
        sum += weight;
        if (weight > 0) turned += weight * below;
        weights[(y + 16 * i) * kSquareStride<D> + x + 16 * j] = weight;
      }
      if (factor > 0) shifted[i] = factor * (shifted[i] + down * total[i]);
      else shifted[i] = 0;
      shifted[i] += row_sum(turned);
      total[i] = factor * total[i] + row_sum(sum);
      most[i] = now;
#pragma unroll
      for (int c = 0; c < D / 16; ++c) sums[i][c] *= factor;
    }
    __syncthreads();
    if (arguments.out.data != nullptr) accumulate<D>(weights, values, sums);
  }
#pragma unroll
  for (int i = 0; i < N; ++i) {
    const int query = start + y + 16 * i;
    const float share = total[i] > 0 ? 1 / total[i] : 0.f;
#pragma unroll
    for (int c = 0; c < D / 16; ++c) sums[i][c] *= share;
    if (x != 0 || query >= sequence.queries) continue;
    const long long place = static_cast<long long>(sequence.first_query + query) * shape.heads + head;
    if (arguments.lse != nullptr) arguments.lse[place] = total[i] > 0 ? most[i] + logf(total[i]) : -INFINITY;
    if (arguments.entropy != nullptr)
      arguments.entropy[place] =
          left_out ? 0.f : normalised_entropy(total[i], shifted[i], mask.end_key(query) - mask.first_key(query));
  }
  if (arguments.out.data != nullptr) store<T, D>(arguments.out, sequence.first_query + start, count, head, shape.head_dim, sums);
}

// p and dS = p·(dP − inner)·scale of a tile of logits, both put where the rows of `transposed` are keys or queries.
template <int D, int N>
__device__ void probabilities(const hies_cuda_shape& shape, const Mask& mask, int first_query, int queries, int first_key,
                              const float* lse, const float* inner, float (&logits)[N][N], float (&dp)[N][N]) {
  const int x = threadIdx.x % 16, y = threadIdx.x / 16;
#pragma unroll
  for (int i = 0; i < N; ++i) {
    const int row = y + 16 * i, query = first_query + row;
    const bool there = query < queries;
    const int from = mask.first_key(query), to = there ? mask.end_key(query) : 0;
#pragma unroll
    for (int j = 0; j < N; ++j) {
      const int key = first_key + x + 16 * j;
      const float p = key >= from && key < to ? expf(logits[i][j] * shape.scale - lse[row]) : 0.f;
      dp[i][j] = p * (dp[i][j] - inner[row]) * shape.scale;
      logits[i][j] = p;
    }
  }
}

__device__ inline void load_statistics(const hies_cuda_shape& shape, const float* from, float* to, long long first, int count,
                                       int rows, int head) {
  for (int i = threadIdx.x; i < rows; i += kThreads) to[i] = i < count ? from[(first + i) * shape.heads + head] : 0.f;
}

// One block: kTile keys of one KV head of one sequence, with all the queries that see them.
template <class T, int D>
__global__ void __launch_bounds__(kThreads) backward_keys(hies_cuda_shape shape, hies_cuda_backward arguments) {
  constexpr int kRows = kTile<D>, N = kRows / 16;
  const int kv = blockIdx.y, b = blockIdx.z, start = blockIdx.x * kRows;
  const Sequence sequence(shape, b);
  if (start >= sequence.keys) return;
  const int count = min(kRows, sequence.keys - start);
  const int x = threadIdx.x % 16, y = threadIdx.x / 16;
  extern __shared__ float4 memory[];
  float* keys = reinterpret_cast<float*>(memory);
  float *values = keys + Tile<D>::kFloats, *queries = values + Tile<D>::kFloats, *douts = queries + Tile<D>::kFloats;
  float *weights = douts + Tile<D>::kFloats, *slopes = weights + kSquareFloats<D>, *lse = slopes + kSquareFloats<D>;
  float* inner = lse + kRows;

  float dk[N][D / 16] = {}, dv[N][D / 16] = {};
  const Mask mask(shape, sequence);
  load_tile<T, D>(keys, arguments.k, sequence.first_key + start, count, kv, shape.head_dim);
  load_tile<T, D>(values, arguments.v, sequence.first_key + start, count, kv, shape.head_dim);
  const int end = mask.end_query(start + count - 1, sequence.queries);
  for (int head = 0; head < shape.heads; ++head) {
    if (shape.kv_of_head[head] != kv || skipped(shape, head)) continue;
    for (int first = mask.first_query(start) / kRows * kRows; first < end; first += kRows) {
      const int here = min(kRows, sequence.queries - first);
      const long long token = sequence.first_query + first;
      __syncthreads();
      load_tile<T, D>(queries, arguments.q, token, here, head, shape.head_dim);
      load_tile<T, D>(douts, arguments.dout, token, here, head, shape.head_dim);
      load_statistics(shape, arguments.lse, lse, token, here, kRows, head);
      load_statistics(shape, arguments.head_inner, inner, token, here, kRows, head);
      __syncthreads();
      float logits[N][N], dp[N][N];
      products<D>(queries, keys, logits);
      products<D>(douts, values, dp);
      probabilities<D>(shape, mask, first, sequence.queries, start, lse, inner, logits, dp);
#pragma unroll
      for (int i = 0; i < N; ++i)
#pragma unroll
        for (int j = 0; j < N; ++j) {
          weights[(x + 16 * j) * kSquareStride<D> + y + 16 * i] = logits[i][j];
          slopes[(x + 16 * j) * kSquareStride<D> + y + 16 * i] = dp[i][j];
        }
      __syncthreads();
      accumulate<D>(weights, douts, dv);
      accumulate<D>(slopes, queries, dk);
    }
  }
  if (arguments.dk.data != nullptr) store<T, D>(arguments.dk, sequence.first_key + start, count, kv, shape.head_dim, dk);
  if (arguments.dv.data != nullptr) store<T, D>(arguments.dv, sequence.first_key + start, count, kv, shape.head_dim, dv);
}

// One block: kTile queries of one head of one sequence.
template <class T, int D>
__global__ void __launch_bounds__(kThreads) backward_queries(hies_cuda_shape shape, hies_cuda_backward arguments) {
  constexpr int kRows = kTile<D>, N = kRows / 16;
  const int head = blockIdx.y, b = blockIdx.z, start = blockIdx.x * kRows;
  const Sequence sequence(shape, b);
  if (start >= sequence.queries) return;
  const int count = min(kRows, sequence.queries - start);
  const int x = threadIdx.x % 16, y = threadIdx.x / 16;
  extern __shared__ float4 memory[];
  float* keys = reinterpret_cast<float*>(memory);
  float *values = keys + Tile<D>::kFloats, *queries = values + Tile<D>::kFloats, *douts = queries + Tile<D>::kFloats;
  float *slopes = douts + Tile<D>::kFloats, *lse = slopes + kSquareFloats<D>, *inner = lse + kRows;

  float dq[N][D / 16] = {};
  const Mask mask(shape, sequence);
  const int kv = shape.kv_of_head[head];
  const long long token = sequence.first_query + start;
  const int end = skipped(shape, head) ? 0 : mask.end_key(start + count - 1);
  load_tile<T, D>(queries, arguments.q, token, count, head, shape.head_dim);
  load_tile<T, D>(douts, arguments.dout, token, count, head, shape.head_dim);
  load_statistics(shape, arguments.lse, lse, token, count, kRows, head);
  load_statistics(shape, arguments.head_inner, inner, token, count, kRows, head);
  for (int first = mask.first_key(start) / kRows * kRows; first < end; first += kRows) {
    const int here = min(kRows, sequence.keys - first);
    __syncthreads();
    load_tile<T, D>(keys, arguments.k, sequence.first_key + first, here, kv, shape.head_dim);
    load_tile<T, D>(values, arguments.v, sequence.first_key + first, here, kv, shape.head_dim);
    __syncthreads();
    float logits[N][N], dp[N][N];
    products<D>(queries, keys, logits);
    products<D>(douts, values, dp);
    probabilities<D>(shape, mask, start, sequence.queries, first, lse, inner, logits, dp);
#pragma unroll
    for (int i = 0; i < N; ++i)
#pragma unroll
      for (int j = 0; j < N; ++j) slopes[(y + 16 * i) * kSquareStride<D> + x + 16 * j] = dp[i][j];
    __syncthreads();
    accumulate<D>(slopes, keys, dq);
  }
  store<T, D>(arguments.dq, token, count, head, shape.head_dim, dq);
}

template <class T, int D>
int run_forward(const hies_cuda_shape& shape, const hies_cuda_forward& arguments, cudaStream_t stream) {
  constexpr std::size_t kBytes = (3 * Tile<D>::kFloats + kSquareFloats<D>)*sizeof(float);
  return launch(forward<T, D>, query_grid(shape, kTile<D>), kThreads, kBytes, stream, shape, arguments);
}

template <class T, int D>
int run_backward(const hies_cuda_shape& shape, const hies_cuda_backward& arguments, cudaStream_t stream) {
  constexpr std::size_t kCommon = (4 * Tile<D>::kFloats + kSquareFloats<D> + 2 * kTile<D>)*sizeof(float);
  if (arguments.dk.data != nullptr || arguments.dv.data != nullptr) {
    constexpr std::size_t kBytes = kCommon + kSquareFloats<D> * sizeof(float);
    if (const int error = launch(backward_keys<T, D>, key_grid(shape, kTile<D>), kThreads, kBytes, stream, shape, arguments))
      return error;
  }
  if (arguments.dq.data == nullptr) return cudaSuccess;
  return launch(backward_queries<T, D>, query_grid(shape, kTile<D>), kThreads, kCommon, stream, shape, arguments);
}

}  // namespace simple

int simple_forward(const hies_cuda_shape& shape, const hies_cuda_forward& arguments, cudaStream_t stream) {
  return with_type(shape.dtype, [&](auto element) {
    using T = decltype(element);
    return with_head_size<32, 64, 128, 256>(
        shape.head_dim, [&](auto size) { return simple::run_forward<T, size.value>(shape, arguments, stream); });
  });
}

int simple_backward(const hies_cuda_shape& shape, const hies_cuda_backward& arguments, cudaStream_t stream) {
  return with_type(shape.dtype, [&](auto element) {
    using T = decltype(element);
    return with_head_size<32, 64, 128, 256>(
        shape.head_dim, [&](auto size) { return simple::run_backward<T, size.value>(shape, arguments, stream); });
  });
}

}  // namespace hies::cuda
