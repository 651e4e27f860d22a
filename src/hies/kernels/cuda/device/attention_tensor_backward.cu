#include "hies/kernels/cuda/device/launch.cuh"
#include "hies/kernels/cuda/device/mma.cuh"

// The backward pass on tensor cores, in two kernels without atomic additions, so that its results are the same in every run:
// one block sums dK and dV of a tile of keys over all queries that see them, one block dQ of a tile of queries over its keys. Both
// compute p = e^(s−lse) and dS = p·(dO·V − D_t)·scale anew (Dao 2023, FlashAttention-2, with D_t = ⟨dO, O⟩).
namespace hies::cuda {
namespace {

constexpr int kWarps = 4, kThreads = 32 * kWarps;
constexpr int kRows = 16 * kWarps;  // of the tile that stays
constexpr int kTile = 64;           // of those that pass by

template <int D>
constexpr int kTileElements = kTile* kRowStride<D>;
template <int D>
constexpr std::size_t kSharedBytes = 6 * kTileElements<D> * 2 + 4 * kTile * sizeof(float);

// sums[n] = 16 rows of `left` from `row` on, times all rows of `right`.
template <class T, int D>
__device__ void products(float (&sums)[kTile / 8][4], const T* left, int row, const T* right) {
#pragma unroll
  for (int n = 0; n < kTile / 8; ++n)
#pragma unroll
    for (int i = 0; i < 4; ++i) sums[n][i] = 0;
#pragma unroll
  for (int d = 0; d < D; d += 16) {
    std::uint32_t a[4];
    load_left<D>(a, left, row, d);
#pragma unroll
    for (int n = 0; n < kTile / 16; ++n) {
      std::uint32_t b[4];
      load_right_rows<D>(b, right, 16 * n, d);
      multiply_add<T>(sums[2 * n], a, b[0], b[1]);
      multiply_add<T>(sums[2 * n + 1], a, b[2], b[3]);
    }
  }
}

// sums += factors · tile.
template <class T, int D>
__device__ void add_product(float (&sums)[D / 8][4], const float (&factors)[kTile / 8][4], const T* tile) {
#pragma unroll
  for (int k = 0; k < kTile / 16; ++k) {
    std::uint32_t a[4];
    as_left<T>(a, factors[2 * k], factors[2 * k + 1]);
#pragma unroll
    for (int n = 0; n < D / 16; ++n) {
      std::uint32_t b[4];
      load_right_columns<D>(b, tile, 16 * k, 16 * n);
      multiply_add<T>(sums[2 * n], a, b[0], b[1]);
      multiply_add<T>(sums[2 * n + 1], a, b[2], b[3]);
    }
  }
}

// ln Σ in base 2 and D_t of `count` queries; of others what makes p and dS vanish.
__device__ inline void copy_statistics(float* lse, float* inner, const hies_cuda_shape& shape,
                                       const hies_cuda_backward& arguments, long long first, int count, int head) {
  for (int i = threadIdx.x; i < kTile; i += kThreads) {
    const long long place = (first + i) * shape.heads + head;
    lse[i] = i < count ? arguments.lse[place] * kLog2E : INFINITY;
    inner[i] = i < count ? arguments.head_inner[place] : 0.f;
  }
}

// One block: kRows keys of one KV head of one sequence. Logits stand on their side: rows are keys.
template <class T, int D>
__global__ void __launch_bounds__(kThreads, D <= 64 ? 3 : 2)
    tensor_backward_keys(hies_cuda_shape shape, hies_cuda_backward arguments, bool aligned) {
  const int kv = blockIdx.y, b = blockIdx.z, start = blockIdx.x * kRows;
  const Sequence sequence(shape, b);
  if (start >= sequence.keys) return;
  const int count = min(kRows, sequence.keys - start), row = threadIdx.x / 32 * 16;
  const int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
  const Mask mask(shape, sequence);

  extern __shared__ float4 memory[];
  T* keys = reinterpret_cast<T*>(memory);
  T *values = keys + kTileElements<D>, *queries = values + kTileElements<D>, *douts = queries + 2 * kTileElements<D>;
  float* lse = reinterpret_cast<float*>(douts + 2 * kTileElements<D>);  // two tiles
  float* inner = lse + 2 * kTile;

  const int begin = mask.first_query(start) / kTile * kTile, end = mask.end_query(start + count - 1, sequence.queries);
  const int tiles = end > begin ? (end - begin + kTile - 1) / kTile : 0;
  copy_tile<T, D, kRows, kThreads>(keys, arguments.k, sequence.first_key + start, count, kv, shape.head_dim, aligned);
  copy_tile<T, D, kRows, kThreads>(values, arguments.v, sequence.first_key + start, count, kv, shape.head_dim, aligned);
  const auto copy_queries = [&](int head, int tile, int slot) {
    const int first = begin + tile * kTile, here = min(kTile, sequence.queries - first);
    const long long token = sequence.first_query + first;
    copy_tile<T, D, kTile, kThreads>(queries + slot * kTileElements<D>, arguments.q, token, here, head, shape.head_dim, aligned);
    copy_tile<T, D, kTile, kThreads>(douts + slot * kTileElements<D>, arguments.dout, token, here, head, shape.head_dim, aligned);
    copy_statistics(lse + slot * kTile, inner + slot * kTile, shape, arguments, token, here, head);
    commit_copies();
  };
  const auto next_head = [&](int head) {
    while (head < shape.heads && (shape.kv_of_head[head] != kv || skipped(shape, head))) ++head;
    return head;
  };

  float dk[D / 8][4] = {}, dv[D / 8][4] = {};
  const float scale = shape.scale * kLog2E;
  int head = next_head(0), tile = 0, slot = 0;
  if (tiles > 0 && head < shape.heads) copy_queries(head, 0, 0);
  while (tiles > 0 && head < shape.heads) {
    const int following = tile + 1 < tiles ? head : next_head(head + 1), following_tile = tile + 1 < tiles ? tile + 1 : 0;
    wait_copies<0>();
    __syncthreads();
    if (following < shape.heads) copy_queries(following, following_tile, 1 - slot);
    const T *q = queries + slot * kTileElements<D>, *dout = douts + slot * kTileElements<D>;
    const float *l = lse + slot * kTile, *inners = inner + slot * kTile;
    const int first = begin + tile * kTile;

    float p[kTile / 8][4], ds[kTile / 8][4];
    products<T, D>(p, keys, row, q);
    products<T, D>(ds, values, row, dout);
    const bool masked = start + kRows > mask.end_key(first) || start < mask.first_key(min(first + kTile, sequence.queries) - 1) ||
                        first + kTile > sequence.queries;
#pragma unroll
    for (int n = 0; n < kTile / 8; ++n)
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        const int column = 8 * n + 2 * t + i % 2, query = first + column, key = start + row + g + i / 2 * 8;
        float value = exp2_fast(p[n][i] * scale - l[column]);
        if (masked && !(query < sequence.queries && key >= mask.first_key(query) && key < mask.end_key(query))) value = 0;
        p[n][i] = value;
        ds[n][i] = value * (ds[n][i] - inners[column]);
      }
    add_product<T, D>(dv, p, dout);
    add_product<T, D>(dk, ds, q);
    head = following, tile = following_tile, slot = 1 - slot;
  }
  const bool pairs = aligned && shape.head_dim % 2 == 0;
  const long long token = sequence.first_key + start;
  if (arguments.dk.data != nullptr)
    store_rows<T, D>(arguments.dk, token, row, count, kv, shape.head_dim, dk, shape.scale, shape.scale, pairs);
  if (arguments.dv.data != nullptr) store_rows<T, D>(arguments.dv, token, row, count, kv, shape.head_dim, dv, 1.f, 1.f, pairs);
}

// One block: kRows queries of one head of one sequence.
template <class T, int D>
__global__ void __launch_bounds__(kThreads, D <= 64 ? 3 : 2)
    tensor_backward_queries(hies_cuda_shape shape, hies_cuda_backward arguments, bool aligned) {
  const int head = blockIdx.y, b = blockIdx.z;
  const int start = (gridDim.x - 1 - blockIdx.x) * kRows;
  const Sequence sequence(shape, b);
  if (start >= sequence.queries) return;
  const int count = min(kRows, sequence.queries - start), row = threadIdx.x / 32 * 16;
  const int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
  const Mask mask(shape, sequence);
  const int kv = shape.kv_of_head[head];

  extern __shared__ float4 memory[];
  T* queries = reinterpret_cast<T*>(memory);
  T *douts = queries + kTileElements<D>, *keys = douts + kTileElements<D>, *values = keys + 2 * kTileElements<D>;
  float* lse = reinterpret_cast<float*>(values + 2 * kTileElements<D>);
  float* inner = lse + kTile;

  const int begin = mask.first_key(start) / kTile * kTile, end = skipped(shape, head) ? 0 : mask.end_key(start + count - 1);
  const int tiles = end > begin ? (end - begin + kTile - 1) / kTile : 0;
  const long long token = sequence.first_query + start;
  const auto copy_keys = [&](int tile) {
    const int first = begin + tile * kTile, here = min(kTile, sequence.keys - first), slot = tile % 2;
    const long long key = sequence.first_key + first;
    copy_tile<T, D, kTile, kThreads>(keys + slot * kTileElements<D>, arguments.k, key, here, kv, shape.head_dim, aligned);
    copy_tile<T, D, kTile, kThreads>(values + slot * kTileElements<D>, arguments.v, key, here, kv, shape.head_dim, aligned);
    commit_copies();
  };
  if (tiles > 0) {
    copy_tile<T, D, kRows, kThreads>(queries, arguments.q, token, count, head, shape.head_dim, aligned);
    copy_tile<T, D, kRows, kThreads>(douts, arguments.dout, token, count, head, shape.head_dim, aligned);
    copy_statistics(lse, inner, shape, arguments, token, count, head);
    copy_keys(0);
  }
  float dq[D / 8][4] = {};
  const float scale = shape.scale * kLog2E;
  const int all_from = mask.first_key(start + count - 1), all_to = mask.end_key(start);
  for (int tile = 0; tile < tiles; ++tile) {
    const int first = begin + tile * kTile;
    wait_copies<0>();
    __syncthreads();
    if (tile + 1 < tiles) copy_keys(tile + 1);
    const T *k = keys + tile % 2 * kTileElements<D>, *v = values + tile % 2 * kTileElements<D>;
    float p[kTile / 8][4], ds[kTile / 8][4];
    products<T, D>(p, queries, row, k);
    products<T, D>(ds, douts, row, v);
    const bool masked = first < all_from || first + kTile > all_to;
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int here = row + g + 8 * half, query = start + here;
      const int from = mask.first_key(query), to = mask.end_key(query);
      const float l = lse[here], d = inner[here];
#pragma unroll
      for (int n = 0; n < kTile / 8; ++n)
#pragma unroll
        for (int i = 0; i < 2; ++i) {
          const int key = first + 8 * n + 2 * t + i;
          float value = exp2_fast(p[n][2 * half + i] * scale - l);
          if (masked && !(key >= from && key < to)) value = 0;
          ds[n][2 * half + i] = value * (ds[n][2 * half + i] - d);
        }
    }
    add_product<T, D>(dq, ds, k);
  }
  store_rows<T, D>(arguments.dq, token, row, count, head, shape.head_dim, dq, shape.scale, shape.scale,
                   aligned && shape.head_dim % 2 == 0);
}

template <class T, int D>
int run(const hies_cuda_shape& shape, const hies_cuda_backward& arguments, cudaStream_t stream) {
  bool aligned = shape.head_dim % 8 == 0;
  for (const hies_cuda_rows* rows :
       {&arguments.q, &arguments.k, &arguments.v, &arguments.dout, &arguments.dq, &arguments.dk, &arguments.dv})
    aligned = aligned && aligned16(*rows, 2);
  if (arguments.dk.data != nullptr || arguments.dv.data != nullptr)
    if (const int error = launch(tensor_backward_keys<T, D>, key_grid(shape, kRows), kThreads, kSharedBytes<D>, stream, shape,
                                 arguments, aligned))
      return error;
  if (arguments.dq.data == nullptr) return cudaSuccess;
  return launch(tensor_backward_queries<T, D>, query_grid(shape, kRows), kThreads, kSharedBytes<D>, stream, shape, arguments,
                aligned);
}

template <class T>
int run(const hies_cuda_shape& shape, const hies_cuda_backward& arguments, cudaStream_t stream) {
  if (shape.head_dim <= 32) return run<T, 32>(shape, arguments, stream);
  if (shape.head_dim <= 64) return run<T, 64>(shape, arguments, stream);
  if (shape.head_dim <= 96) return run<T, 96>(shape, arguments, stream);
  return run<T, 128>(shape, arguments, stream);
}

}  // namespace

int tensor_backward(const hies_cuda_shape& shape, const hies_cuda_backward& arguments, cudaStream_t stream) {
  return shape.dtype == HIES_CUDA_BFLOAT16 ? run<bf16>(shape, arguments, stream) : run<fp16>(shape, arguments, stream);
}

}  // namespace hies::cuda
