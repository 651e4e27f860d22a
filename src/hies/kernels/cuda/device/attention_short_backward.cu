#include "hies/kernels/cuda/device/launch.cuh"
#include "hies/kernels/cuda/device/products.cuh"

// The backward pass of short sequences on tensor cores: one block holds all keys, values and queries of one KV head and computes logits
// once, for five products instead of the seven of attention_tensor_backward.cu. Without atomic additions as there.
namespace hies::cuda {
namespace {

constexpr int kWarps = 8, kThreads = 32 * kWarps;
constexpr int kTokens = 16 * kWarps;  // of a sequence at most: a warp's keys are one operand
constexpr int kQueries = 32;          // at a time
template <class T>
constexpr int kSlopeStride = kQueries + kVector<T>;

template <class T, int D>
constexpr int kTileElements = kTokens* kRowStride<T, D>;
template <class T, int D>
constexpr std::size_t kSharedBytes = sizeof(T) * (4 * kTileElements<T, D> + kTokens * kSlopeStride<T>)+2 * kTokens *
                                     sizeof(float);

// The left operand of dQ = dS · K from dS standing on its side: slopes [keys][kQueries]. In TF32 keys take the places that
// load_right_columns gives them.
template <class T>
__device__ void load_slopes(std::uint32_t (&to)[4], const T* slopes, int key, int query) {
  const int lane = threadIdx.x % 32;
  if constexpr (std::is_same_v<T, float>) {
    const float* from = slopes + (key + lane % 4 * 2) * kSlopeStride<T> + query + lane / 4;
    to[0] = as_tf32(from[0]), to[1] = as_tf32(from[8]);
    to[2] = as_tf32(from[kSlopeStride<T>]), to[3] = as_tf32(from[kSlopeStride<T> + 8]);
  } else {
    load_transposed(to, slopes + (key + lane % 8 + lane / 16 * 8) * kSlopeStride<T> + query + lane / 8 % 2 * 8);
  }
}

// 16 queries of dQ, as many columns as are loaded at once.
template <class T>
constexpr int kGradientColumns = 8 * kColumnBlocks<T>;
template <class T, int D>
__device__ void query_gradient(float (&sums)[kColumnBlocks<T>][4], const T* slopes, int query, const T* keys, int key_count,
                               int column) {
  for (int key = 0; key < key_count; key += kDepth<T>) {
    std::uint32_t a[4], b[kColumnBlocks<T>][2];
    load_slopes(a, slopes, key, query);
    load_right_columns<T, D>(b, keys, key, column);
#pragma unroll
    for (int i = 0; i < kColumnBlocks<T>; ++i) multiply_add<T>(sums[i], a, b[i][0], b[i][1]);
  }
}

// One block: one KV head of one sequence, with all query heads that read it.
template <class T, int D>
__global__ void __launch_bounds__(kThreads, sizeof(T) == 2 ? 2 : 1)
    short_backward(hies_cuda_shape shape, hies_cuda_backward arguments, bool aligned) {
  const int kv = blockIdx.x, b = blockIdx.y;
  const Sequence sequence(shape, b);
  const Mask mask(shape, sequence);
  const int warp = threadIdx.x / 32, row = 16 * warp, lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;

  extern __shared__ float4 memory[];
  T* keys = reinterpret_cast<T*>(memory);
  T *values = keys + kTileElements<T, D>, *queries = values + kTileElements<T, D>, *douts = queries + kTileElements<T, D>;
  T* slopes = douts + kTileElements<T, D>;
  float *lse = reinterpret_cast<float*>(slopes + kTokens * kSlopeStride<T>), *inner = lse + kTokens;

  copy_tile<T, D, kTokens, kThreads>(keys, arguments.k, sequence.first_key, sequence.keys, kv, shape.head_dim, aligned);
  copy_tile<T, D, kTokens, kThreads>(values, arguments.v, sequence.first_key, sequence.keys, kv, shape.head_dim, aligned);
  float dk[1][D / 8][4] = {}, dv[1][D / 8][4] = {};
  const float scale = shape.scale * kLog2E;
  for (int head = 0; head < shape.heads; ++head) {
    if (shape.kv_of_head[head] != kv) continue;
    const bool left_out = skipped(shape, head);
    __syncthreads();  // the queries before these have been used
    if (!left_out) {
      copy_tile<T, D, kTokens, kThreads>(queries, arguments.q, sequence.first_query, sequence.queries, head, shape.head_dim,
                                         aligned);
      copy_tile<T, D, kTokens, kThreads>(douts, arguments.dout, sequence.first_query, sequence.queries, head, shape.head_dim,
                                         aligned);
      for (int i = threadIdx.x; i < kTokens; i += kThreads) {
        const long long place = static_cast<long long>(sequence.first_query + i) * shape.heads + head;
        // Of rows that are no queries what makes p and dS vanish.
        lse[i] = i < sequence.queries ? arguments.lse[place] * kLog2E : INFINITY;
        inner[i] = i < sequence.queries ? arguments.head_inner[place] : 0.f;
      }
      commit_copies();
    }
    wait_copies<0>();
    __syncthreads();
    for (int first = 0; first < sequence.queries; first += kQueries) {
      if (!left_out && row < sequence.keys) {
        const T *some_queries = queries + first * kRowStride<T, D>, *some_douts = douts + first * kRowStride<T, D>;
        float p[1][kQueries / 8][4], ds[1][kQueries / 8][4];
        row_products<T, D>(p, LeftRows<T, D, 1>{keys, row}, some_queries);
        row_products<T, D>(ds, LeftRows<T, D, 1>{values, row}, some_douts);
        const bool masked = mask.causal || row + 16 > sequence.keys || first + kQueries > sequence.queries;
#pragma unroll
        for (int n = 0; n < kQueries / 8; ++n) {
#pragma unroll
          for (int i = 0; i < 4; ++i) {
            const int query = first + 8 * n + 2 * t + i % 2, key = row + g + i / 2 * 8;
            float value = exp2_fast(p[0][n][i] * scale - lse[query]);
            if (masked && !(query < sequence.queries && key >= mask.first_key(query) && key < mask.end_key(query))) value = 0;
            p[0][n][i] = value;
            ds[0][n][i] = value * (ds[0][n][i] - inner[query]);
          }
          T* to = slopes + (row + g) * kSlopeStride<T> + 8 * n + 2 * t;
          store_pair(to, ds[0][n][0], ds[0][n][1]);
          store_pair(to + 8 * kSlopeStride<T>, ds[0][n][2], ds[0][n][3]);
        }
        add_product<T, D>(dv, p, some_douts);
        add_product<T, D>(dk, ds, some_queries);
      }
      __syncthreads();
      const int query = 16 * (warp % 2), column = kGradientColumns<T> * (warp / 2);
      if (arguments.dq.data != nullptr && column < shape.head_dim && first + query < sequence.queries) {
        float dq[kColumnBlocks<T>][4] = {};
        if (!left_out) query_gradient<T, D>(dq, slopes, query, keys, sequence.keys, column);
        hies_cuda_rows part = arguments.dq;
        part.data = static_cast<T*>(part.data) + column;
        store_rows<T, kGradientColumns<T>>(part, sequence.first_query + first, query, sequence.queries - first, head,
                                           shape.head_dim - column, dq, shape.scale, shape.scale, aligned);
      }
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

template <class T, int D>
int run(const hies_cuda_shape& shape, const hies_cuda_backward& arguments, cudaStream_t stream) {
  const bool aligned =
      rows_aligned<T>(shape, {arguments.q, arguments.k, arguments.v, arguments.dout, arguments.dq, arguments.dk, arguments.dv});
  const dim3 grid(static_cast<unsigned>(shape.kv_heads), static_cast<unsigned>(shape.sequences));
  return launch(short_backward<T, D>, grid, kThreads, kSharedBytes<T, D>, stream, shape, arguments, aligned);
}

}  // namespace

bool is_short(const hies_cuda_shape& shape) {
  return shape.longest_queries <= kTokens && shape.longest_keys <= kTokens && shape.head_dim <= 64;
}

int short_backward(const hies_cuda_shape& shape, const hies_cuda_backward& arguments, cudaStream_t stream) {
  return with_type_and_size<32, 64>(
      shape, [&](auto element, auto size) { return run<decltype(element), size.value>(shape, arguments, stream); });
}

}  // namespace hies::cuda
