#include "hies/kernels/cuda/device/attention.cuh"
#include "hies/kernels/cuda/device/attention_backward.cuh"
#include "hies/kernels/cuda/device/launch.cuh"

// The backward pass of short sequences on tensor cores. One block holds all keys, values and queries of one KV head, and computes
// P and dS once for all three gradients: five products instead of the seven of attention_tensor_backward.cu. It needs no atomic
// additions either.
namespace hies::cuda {
namespace {

constexpr int kWarps = 8, kThreads = 32 * kWarps;
constexpr int kTokens = 16 * kWarps;  // the most queries or keys of a sequence: 16 keys for each warp
constexpr int kQueries = 32;          // of one tile
template <class T>
constexpr int kDlogitStride = kQueries + kVector<T>;  // of dSᵀ [kTokens][kQueries] in shared memory, padded like other tiles

template <class T, int D>
constexpr int kTileElements = kTokens* kRowStride<T, D>;
template <class T, int D>
constexpr std::size_t kSharedBytes = sizeof(T) * (4 * kTileElements<T, D> + kTokens * kDlogitStride<T>)+2 * kTokens *
                                     sizeof(float);

// Loads the fragment a of dQ = dS · K for the queries query … query+15 and the keys key … key+kDepth−1, from dSᵀ. In TF32 the
// keys are ordered as load_b orders its rows.
template <class T>
__device__ void load_a_of_dlogits(std::uint32_t (&to)[4], const T* dlogits, int key, int query) {
  const int lane = threadIdx.x % 32;
  if constexpr (std::is_same_v<T, float>) {
    const float* from = dlogits + (key + lane % 4 * 2) * kDlogitStride<T> + query + lane / 4;
    to[0] = to_tf32(from[0]), to[1] = to_tf32(from[8]);
    to[2] = to_tf32(from[kDlogitStride<T>]), to[3] = to_tf32(from[kDlogitStride<T> + 8]);
  } else {
    load_matrices_transposed(to, dlogits + (key + lane % 8 + lane / 16 * 8) * kDlogitStride<T> + query + lane / 8 % 2 * 8);
  }
}

// Stores the n-th 8 columns of a warp's dSᵀ: 16 keys from `row` on.
template <class T>
__device__ void store_dlogits(T* dlogits, const float (&ds)[kQueries / 8][4], LanePosition lane, int row, int n) {
  T* to = dlogits + (row + lane.g) * kDlogitStride<T> + 8 * n + 2 * lane.t;
  store_pair(to, ds[n][0], ds[n][1]);
  store_pair(to + 8 * kDlogitStride<T>, ds[n][2], ds[n][3]);
}

// dQ of 16 queries and of the kColumnBlocks × 8 columns that one load_b covers: sums += dS · K over the first key_count keys.
template <class T>
constexpr int kGradientColumns = 8 * kColumnBlocks<T>;
template <class T, int D>
__device__ void query_gradient(float (&sums)[kColumnBlocks<T>][4], const T* dlogits, int query, const T* keys, int key_count,
                               int column) {
#pragma unroll 4
  for (int key = 0; key < key_count; key += kDepth<T>) {
    std::uint32_t a[4], b[kColumnBlocks<T>][2];
    load_a_of_dlogits(a, dlogits, key, query);
    load_b<T, D>(b, keys, key, column);
#pragma unroll
    for (int i = 0; i < kColumnBlocks<T>; ++i) mma<T>(sums[i], a, b[i][0], b[i][1]);
  }
}

// A warp's part of dQ of the tile of queries from `first` on: 16 queries and kGradientColumns columns. Skipped heads get zeros.
template <class T, int D>
__device__ void store_query_gradient(const hies_cuda_shape& shape, const hies_cuda_rows& dq, const Sequence& sequence,
                                     const T* dlogits, const T* keys, int first, int head, bool skip, bool aligned) {
  const int warp = threadIdx.x / 32, query = 16 * (warp % 2), column = kGradientColumns<T> * (warp / 2);
  if (dq.data == nullptr || column >= shape.head_dim || first + query >= sequence.queries) return;
  float sums[kColumnBlocks<T>][4] = {};
  if (!skip) query_gradient<T, D>(sums, dlogits, query, keys, sequence.keys, column);
  hies_cuda_rows columns = dq;
  columns.data = static_cast<T*>(columns.data) + column;
  store_rows<T, kGradientColumns<T>>(columns, sequence.first_query + first, query, sequence.queries - first, head,
                                     shape.head_dim - column, sums, shape.scale, shape.scale, aligned);
}

// One block: one KV head of one sequence, with all query heads that read it. A warp holds 16 keys.
template <class T, int D>
__global__ void __launch_bounds__(kThreads, sizeof(T) == 2 ? 2 : 1)
    short_backward_kernel(hies_cuda_shape shape, hies_cuda_backward arguments, bool aligned) {
  const int kv = blockIdx.x, b = blockIdx.y;
  const Sequence sequence(shape, b);
  const Mask mask(shape, sequence);
  const int row = 16 * (threadIdx.x / 32);
  const LanePosition lane;

  extern __shared__ float4 memory[];
  T* keys = reinterpret_cast<T*>(memory);
  T *values = keys + kTileElements<T, D>, *queries = values + kTileElements<T, D>, *douts = queries + kTileElements<T, D>;
  T* dlogits = douts + kTileElements<T, D>;
  float *lse = reinterpret_cast<float*>(dlogits + kTokens * kDlogitStride<T>), *inner = lse + kTokens;

  copy_tile<T, D, kTokens, kThreads>(keys, arguments.k, sequence.first_key, sequence.keys, kv, shape.head_dim, aligned);
  copy_tile<T, D, kTokens, kThreads>(values, arguments.v, sequence.first_key, sequence.keys, kv, shape.head_dim, aligned);
  float dk[1][D / 8][4] = {}, dv[1][D / 8][4] = {};
  const float scale = shape.scale * kLog2E;
  for (int head = 0; head < shape.heads; ++head) {
    if (shape.kv_of_head[head] != kv) continue;
    const bool skip = is_skipped(shape, head);
    __syncthreads();  // all warps are done with the previous head's queries
    if (!skip) {
      const int first = sequence.first_query, count = sequence.queries;
      copy_tile<T, D, kTokens, kThreads>(queries, arguments.q, first, count, head, shape.head_dim, aligned);
      copy_tile<T, D, kTokens, kThreads>(douts, arguments.dout, first, count, head, shape.head_dim, aligned);
      copy_statistics<kTokens, kThreads>(lse, inner, shape, arguments, first, count, head);
      commit_copies();
    }
    wait_copies<0>();
    __syncthreads();
    for (int first = 0; first < sequence.queries; first += kQueries) {
      if (!skip && row < sequence.keys) {
        const T *tile_queries = queries + first * kRowStride<T, D>, *tile_douts = douts + first * kRowStride<T, D>;
        float p[1][kQueries / 8][4], ds[1][kQueries / 8][4];
        multiply_transposed<T, D>(p, SharedRows<T, D, 1>{keys, row}, tile_queries);
        multiply_transposed<T, D>(ds, SharedRows<T, D, 1>{values, row}, tile_douts);
        const bool masked = mask.causal || row + 16 > sequence.keys || first + kQueries > sequence.queries;
        transposed_dlogits(p, ds, lse + first, inner + first, lane, scale, mask, masked, first, row, sequence.queries,
                           [&](int block, int n) { store_dlogits(dlogits, ds[block], lane, row, n); });
        multiply_add<T, D>(dv, p, tile_douts);
        multiply_add<T, D>(dk, ds, tile_queries);
      }
      __syncthreads();
      store_query_gradient<T, D>(shape, arguments.dq, sequence, dlogits, keys, first, head, skip, aligned);
      __syncthreads();
    }
  }
  wait_copies<0>();
  if (row >= sequence.keys) return;
  if (arguments.dk.data != nullptr)
    store_rows<T, D>(arguments.dk, sequence.first_key, row, sequence.keys, kv, shape.head_dim, dk[0], shape.scale, shape.scale,
                     aligned);
  if (arguments.dv.data != nullptr)
    store_rows<T, D>(arguments.dv, sequence.first_key, row, sequence.keys, kv, shape.head_dim, dv[0], 1.f, 1.f, aligned);
}

}  // namespace

bool is_short(const hies_cuda_shape& shape) {
  return shape.longest_queries <= kTokens && shape.longest_keys <= kTokens && shape.head_dim <= 64;
}

int short_backward(const hies_cuda_shape& shape, const hies_cuda_backward& arguments, cudaStream_t stream) {
  return with_type_and_size<32, 64>(shape, [&](auto element, auto size) {
    using T = decltype(element);
    constexpr int kSize = size.value;
    const dim3 grid(static_cast<unsigned>(shape.kv_heads), static_cast<unsigned>(shape.sequences));
    return launch(short_backward_kernel<T, kSize>, grid, kThreads, kSharedBytes<T, kSize>, stream, shape, arguments,
                  backward_aligned<T>(shape, arguments));
  });
}

}  // namespace hies::cuda
