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
  const bool left_out = skipped(shape, head), with_out = arguments.out.data != nullptr;
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
    if (with_out) load_tile<T, D>(values, arguments.v, sequence.first_key + first, here, kv, shape.head_dim);
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
        logits[i][j] = weight;
      }
      if (factor > 0) shifted[i] = factor * (shifted[i] + down * total[i]);
      else shifted[i] = 0;
      shifted[i] += row_sum(turned);
      total[i] = factor * total[i] + row_sum(sum);
      most[i] = now;
#pragma unroll
      for (int c = 0; c < D / 16; ++c) sums[i][c] *= factor;
    }
    if (with_out) {
      put<D, false>(weights, logits);
      __syncthreads();
      accumulate<D>(weights, values, sums);
    }
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
  if (with_out) store<T, D>(arguments.out, sequence.first_query + start, count, head, shape.head_dim, sums);
}

// What the two backward kernels share: a tile of queries and one of keys, and p and dS of the two.
template <class T, int D>
struct Tiles {
  static constexpr int kRows = kTile<D>, N = kRows / 16;
  const hies_cuda_shape& shape;
  const hies_cuda_backward& arguments;
  const Sequence& sequence;
  const Mask mask;
  float *keys, *values, *queries, *douts, *lse, *inner, *slopes;
  float* weights;  // of the keys' kernel

  __device__ Tiles(const hies_cuda_shape& shape, const hies_cuda_backward& arguments, const Sequence& sequence, float* memory)
      : shape(shape),
        arguments(arguments),
        sequence(sequence),
        mask(shape, sequence),
        keys(memory),
        values(keys + Tile<D>::kFloats),
        queries(values + Tile<D>::kFloats),
        douts(queries + Tile<D>::kFloats),
        lse(douts + Tile<D>::kFloats),
        inner(lse + kRows),
        slopes(inner + kRows),
        weights(slopes + kSquareFloats<D>) {}

  __device__ void load_keys(int first, int kv) const {
    const int count = min(kRows, sequence.keys - first);
    load_tile<T, D>(keys, arguments.k, sequence.first_key + first, count, kv, shape.head_dim);
    load_tile<T, D>(values, arguments.v, sequence.first_key + first, count, kv, shape.head_dim);
  }

  __device__ void load_queries(int first, int head) const {
    const int count = min(kRows, sequence.queries - first);
    const long long token = sequence.first_query + first;
    load_tile<T, D>(queries, arguments.q, token, count, head, shape.head_dim);
    load_tile<T, D>(douts, arguments.dout, token, count, head, shape.head_dim);
    for (int i = threadIdx.x; i < kRows; i += kThreads) {
      const long long place = (token + i) * shape.heads + head;
      lse[i] = i < count ? arguments.lse[place] : 0.f;
      inner[i] = i < count ? arguments.head_inner[place] : 0.f;
    }
  }

  // p and dS = p·(dP − inner)·scale.
  __device__ void probabilities(int first_query, int first_key, float (&p)[N][N], float (&ds)[N][N]) const {
    const int x = threadIdx.x % 16, y = threadIdx.x / 16;
    products<D>(queries, keys, p);
    products<D>(douts, values, ds);
#pragma unroll
    for (int i = 0; i < N; ++i) {
      const int row = y + 16 * i, query = first_query + row;
      const int from = mask.first_key(query), to = query < sequence.queries ? mask.end_key(query) : 0;
#pragma unroll
      for (int j = 0; j < N; ++j) {
        const int key = first_key + x + 16 * j;
        p[i][j] = key >= from && key < to ? expf(p[i][j] * shape.scale - lse[row]) : 0.f;
        ds[i][j] = p[i][j] * (ds[i][j] - inner[row]) * shape.scale;
      }
    }
  }
};

// One block: kTile keys of one KV head of one sequence, with all the queries that see them.
template <class T, int D>
__global__ void __launch_bounds__(kThreads) backward_keys(hies_cuda_shape shape, hies_cuda_backward arguments) {
  constexpr int kRows = kTile<D>, N = kRows / 16;
  const int kv = blockIdx.y, b = blockIdx.z, start = blockIdx.x * kRows;
  const Sequence sequence(shape, b);
  if (start >= sequence.keys) return;
  const int count = min(kRows, sequence.keys - start);
  extern __shared__ float4 memory[];
  const Tiles<T, D> tiles(shape, arguments, sequence, reinterpret_cast<float*>(memory));
  float dk[N][D / 16] = {}, dv[N][D / 16] = {};
  tiles.load_keys(start, kv);
  const int end = tiles.mask.end_query(start + count - 1, sequence.queries);
  for (int head = 0; head < shape.heads; ++head) {
    if (shape.kv_of_head[head] != kv || skipped(shape, head)) continue;
    for (int first = tiles.mask.first_query(start) / kRows * kRows; first < end; first += kRows) {
      __syncthreads();
      tiles.load_queries(first, head);
      __syncthreads();
      float p[N][N], ds[N][N];
      tiles.probabilities(first, start, p, ds);
      put<D, true>(tiles.weights, p);
      put<D, true>(tiles.slopes, ds);
      __syncthreads();
      accumulate<D>(tiles.weights, tiles.douts, dv);
      accumulate<D>(tiles.slopes, tiles.queries, dk);
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
  extern __shared__ float4 memory[];
  const Tiles<T, D> tiles(shape, arguments, sequence, reinterpret_cast<float*>(memory));
  float dq[N][D / 16] = {};
  const int end = skipped(shape, head) ? 0 : tiles.mask.end_key(start + count - 1);
  tiles.load_queries(start, head);
  for (int first = tiles.mask.first_key(start) / kRows * kRows; first < end; first += kRows) {
    __syncthreads();
    tiles.load_keys(first, shape.kv_of_head[head]);
    __syncthreads();
    float p[N][N], ds[N][N];
    tiles.probabilities(start, first, p, ds);
    put<D, false>(tiles.slopes, ds);
    __syncthreads();
    accumulate<D>(tiles.slopes, tiles.keys, dq);
  }
  store<T, D>(arguments.dq, sequence.first_query + start, count, head, shape.head_dim, dq);
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
  return with_type_and_size<32, 64, 128, 256>(shape, [&](auto element, auto size) {
    return simple::run_forward<decltype(element), size.value>(shape, arguments, stream);
  });
}

int simple_backward(const hies_cuda_shape& shape, const hies_cuda_backward& arguments, cudaStream_t stream) {
  return with_type_and_size<32, 64, 128, 256>(shape, [&](auto element, auto size) {
    return simple::run_backward<decltype(element), size.value>(shape, arguments, stream);
  });
}

}  // namespace hies::cuda
