#include "hies/kernels/cuda/device/attention.cuh"
#include "hies/kernels/cuda/device/attention_fma.cuh"
#include "hies/kernels/cuda/device/launch.cuh"

namespace hies::cuda {
namespace fma {

// What the two backward kernels share: the tiles of a block in shared memory, their loads, and P and dS of a tile of queries and
// one of keys.
template <class T, int D>
struct BackwardTiles {
  static constexpr int kRows = kTile<D>, N = kRows / 16;
  const hies_cuda_shape& shape;
  const hies_cuda_backward& arguments;
  const Sequence sequence;
  const Mask mask;
  float *keys, *values, *queries, *douts;  // [kRows][D]
  float *lse, *inner;                      // [kRows]
  float* dlogits;                          // [kRows][kRows]
  float* weights;                          // [kRows][kRows], of backward_keys alone

  // `b` is the sequence, `memory` the block's dynamic shared memory.
  __device__ BackwardTiles(const hies_cuda_shape& shape, const hies_cuda_backward& arguments, int b, float4* memory)
      : shape(shape),
        arguments(arguments),
        sequence(shape, b),
        mask(shape, sequence),
        keys(reinterpret_cast<float*>(memory)),
        values(keys + Tile<D>::kFloats),
        queries(values + Tile<D>::kFloats),
        douts(queries + Tile<D>::kFloats),
        lse(douts + Tile<D>::kFloats),
        inner(lse + kRows),
        dlogits(inner + kRows),
        weights(dlogits + kSquareFloats<D>) {}

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
      const long long index = (token + i) * shape.heads + head;
      lse[i] = i < count ? arguments.lse[index] : 0.f;
      inner[i] = i < count ? arguments.head_inner[index] : 0.f;
    }
  }

  // Computes P = e^(S − lse) and dS = P ∘ (dO·Vᵀ − D_t)·scale of the loaded tiles.
  __device__ void probabilities(int first_query, int first_key, float (&p)[N][N], float (&ds)[N][N]) const {
    const int x = threadIdx.x % 16, y = threadIdx.x / 16;
    multiply_transposed<D>(queries, keys, p);
    multiply_transposed<D>(douts, values, ds);
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

// One block: kTile keys of one KV head of one sequence, with all the queries that attend to them.
template <class T, int D>
__global__ void __launch_bounds__(kThreads) backward_keys(hies_cuda_shape shape, hies_cuda_backward arguments) {
  constexpr int kRows = kTile<D>, N = kRows / 16;
  extern __shared__ float4 memory[];
  const BackwardTiles<T, D> tiles(shape, arguments, blockIdx.z, memory);
  const Sequence& sequence = tiles.sequence;
  const int kv = blockIdx.y, start = blockIdx.x * kRows;
  if (start >= sequence.keys) return;
  const int count = min(kRows, sequence.keys - start);
  float dk[N][D / 16] = {}, dv[N][D / 16] = {};
  tiles.load_keys(start, kv);
  const int end = tiles.mask.end_query(start + count - 1, sequence.queries);
  for (int head = 0; head < shape.heads; ++head) {
    if (shape.kv_of_head[head] != kv || is_skipped(shape, head)) continue;
    for (int first = tiles.mask.first_query(start) / kRows * kRows; first < end; first += kRows) {
      __syncthreads();
      tiles.load_queries(first, head);
      __syncthreads();
      float p[N][N], ds[N][N];
      tiles.probabilities(first, start, p, ds);
      store_square<D, true>(tiles.weights, p);
      store_square<D, true>(tiles.dlogits, ds);
      __syncthreads();
      multiply_add<D>(tiles.weights, tiles.douts, dv);
      multiply_add<D>(tiles.dlogits, tiles.queries, dk);
    }
  }
  if (arguments.dk.data != nullptr) store<T, D>(arguments.dk, sequence.first_key + start, count, kv, shape.head_dim, dk);
  if (arguments.dv.data != nullptr) store<T, D>(arguments.dv, sequence.first_key + start, count, kv, shape.head_dim, dv);
}

// One block: kTile queries of one head of one sequence.
template <class T, int D>
__global__ void __launch_bounds__(kThreads) backward_queries(hies_cuda_shape shape, hies_cuda_backward arguments) {
  constexpr int kRows = kTile<D>, N = kRows / 16;
  extern __shared__ float4 memory[];
  const BackwardTiles<T, D> tiles(shape, arguments, blockIdx.z, memory);
  const Sequence& sequence = tiles.sequence;
  const int head = blockIdx.y, start = blockIdx.x * kRows;
  if (start >= sequence.queries) return;
  const int count = min(kRows, sequence.queries - start);
  float dq[N][D / 16] = {};
  const int end = is_skipped(shape, head) ? 0 : tiles.mask.end_key(start + count - 1);
  tiles.load_queries(start, head);
  for (int first = tiles.mask.first_key(start) / kRows * kRows; first < end; first += kRows) {
    __syncthreads();
    tiles.load_keys(first, shape.kv_of_head[head]);
    __syncthreads();
    float p[N][N], ds[N][N];
    tiles.probabilities(start, first, p, ds);
    store_square<D, false>(tiles.dlogits, ds);
    __syncthreads();
    multiply_add<D>(tiles.dlogits, tiles.keys, dq);
  }
  store<T, D>(arguments.dq, sequence.first_query + start, count, head, shape.head_dim, dq);
}

template <class T, int D>
int launch_backward(const hies_cuda_shape& shape, const hies_cuda_backward& arguments, cudaStream_t stream) {
  constexpr std::size_t kCommon = (4 * Tile<D>::kFloats + kSquareFloats<D> + 2 * kTile<D>)*sizeof(float);
  if (arguments.dk.data != nullptr || arguments.dv.data != nullptr) {
    constexpr std::size_t kBytes = kCommon + kSquareFloats<D> * sizeof(float);
    if (const int error = launch(backward_keys<T, D>, key_grid(shape, kTile<D>), kThreads, kBytes, stream, shape, arguments))
      return error;
  }
  if (arguments.dq.data == nullptr) return cudaSuccess;
  return launch(backward_queries<T, D>, query_grid(shape, kTile<D>), kThreads, kCommon, stream, shape, arguments);
}

}  // namespace fma

int fma_backward(const hies_cuda_shape& shape, const hies_cuda_backward& arguments, cudaStream_t stream) {
  return with_type_and_size<32, 64, 128, 256>(shape, [&](auto element, auto size) {
    return fma::launch_backward<decltype(element), size.value>(shape, arguments, stream);
  });
}

}  // namespace hies::cuda
