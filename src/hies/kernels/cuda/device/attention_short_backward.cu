#include "hies/kernels/cuda/device/launch.cuh"
#include "hies/kernels/cuda/device/mma.cuh"

// The backward pass of short sequences on tensor cores: one block holds all keys, values and queries of one KV head and computes logits
// once, for five products instead of the seven of attention_tensor_backward.cu. Without atomic additions as there.
namespace hies::cuda {
namespace {

constexpr int kWarps = 8, kThreads = 32 * kWarps;
constexpr int kTokens = 16 * kWarps;  // of a sequence at most: a warp's keys are one operand
constexpr int kQueries = 32;          // at a time
constexpr int kSlopeStride = kQueries + 8;

template <int D>
constexpr int kTileElements = kTokens* kRowStride<D>;
template <int D>
constexpr std::size_t kSharedBytes = 2 * (4 * kTileElements<D> + kTokens * kSlopeStride) + 2 * kTokens * sizeof(float);

using Logits = float[kQueries / 8][4];

// 16 rows of `left` from `row` on, times kQueries rows of `right` from `first` on.
template <class T, int D>
__device__ void products(Logits& sums, const T* left, int row, const T* right, int first) {
#pragma unroll
  for (int n = 0; n < kQueries / 8; ++n)
#pragma unroll
    for (int i = 0; i < 4; ++i) sums[n][i] = 0;
#pragma unroll
  for (int d = 0; d < D; d += 16) {
    std::uint32_t a[4];
    load_left<D>(a, left, row, d);
#pragma unroll
    for (int n = 0; n < kQueries / 16; ++n) {
      std::uint32_t b[4];
      load_right_rows<D>(b, right, first + 16 * n, d);
      multiply_add<T>(sums[2 * n], a, b[0], b[1]);
      multiply_add<T>(sums[2 * n + 1], a, b[2], b[3]);
    }
  }
}

// sums += factors · rows of `tile` from `first` on.
template <class T, int D>
__device__ void add_product(float (&sums)[D / 8][4], const Logits& factors, const T* tile, int first) {
#pragma unroll
  for (int k = 0; k < kQueries / 16; ++k) {
    std::uint32_t a[4];
    as_left<T>(a, factors[2 * k], factors[2 * k + 1]);
#pragma unroll
    for (int n = 0; n < D / 16; ++n) {
      std::uint32_t b[4];
      load_right_columns<D>(b, tile, first + 16 * k, 16 * n);
      multiply_add<T>(sums[2 * n], a, b[0], b[1]);
      multiply_add<T>(sums[2 * n + 1], a, b[2], b[3]);
    }
  }
}

// 16 × 16 of dQ = dS · K, from dS standing on its side: slopes [keys][kQueries].
template <class T, int D>
__device__ void query_gradient(float (&sums)[2][4], const T* slopes, int row, const T* keys, int key_count, int column) {
  const int lane = threadIdx.x % 32;
  for (int key = 0; key < key_count; key += 16) {
    std::uint32_t a[4], b[4];
    load_transposed(a, slopes + (key + lane % 8 + lane / 16 * 8) * kSlopeStride + row + lane / 8 % 2 * 8);
    load_right_columns<D>(b, keys, key, column);
    multiply_add<T>(sums[0], a, b[0], b[1]);
    multiply_add<T>(sums[1], a, b[2], b[3]);
  }
}

// One block: one KV head of one sequence, with all query heads that read it.
template <class T, int D>
__global__ void __launch_bounds__(kThreads, 2) short_backward(hies_cuda_shape shape, hies_cuda_backward arguments, bool aligned) {
  const int kv = blockIdx.x, b = blockIdx.y;
  const Sequence sequence(shape, b);
  const Mask mask(shape, sequence);
  const int warp = threadIdx.x / 32, row = 16 * warp, lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
  const bool pairs = aligned && shape.head_dim % 2 == 0;

  extern __shared__ float4 memory[];
  T* keys = reinterpret_cast<T*>(memory);
  T *values = keys + kTileElements<D>, *queries = values + kTileElements<D>, *douts = queries + kTileElements<D>;
  T* slopes = douts + kTileElements<D>;
  float *lse = reinterpret_cast<float*>(slopes + kTokens * kSlopeStride), *inner = lse + kTokens;

  copy_tile<T, D, kTokens, kThreads>(keys, arguments.k, sequence.first_key, sequence.keys, kv, shape.head_dim, aligned);
  copy_tile<T, D, kTokens, kThreads>(values, arguments.v, sequence.first_key, sequence.keys, kv, shape.head_dim, aligned);
  float dk[D / 8][4] = {}, dv[D / 8][4] = {};
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
        Logits p, ds;
        products<T, D>(p, keys, row, queries, first);
        products<T, D>(ds, values, row, douts, first);
#pragma unroll
        for (int n = 0; n < kQueries / 8; ++n) {
#pragma unroll
          for (int i = 0; i < 4; ++i) {
            const int query = first + 8 * n + 2 * t + i % 2, key = row + g + i / 2 * 8;
            float value = exp2_fast(p[n][i] * scale - lse[query]);
            if (!(query < sequence.queries && key >= mask.first_key(query) && key < mask.end_key(query))) value = 0;
            p[n][i] = value;
            ds[n][i] = value * (ds[n][i] - inner[query]);
          }
          T* to = slopes + (row + g) * kSlopeStride + 8 * n + 2 * t;
          *reinterpret_cast<std::uint32_t*>(to) = packed<T>(ds[n][0], ds[n][1]);
          *reinterpret_cast<std::uint32_t*>(to + 8 * kSlopeStride) = packed<T>(ds[n][2], ds[n][3]);
        }
        add_product<T, D>(dv, p, douts, first);
        add_product<T, D>(dk, ds, queries, first);
      }
      __syncthreads();
      const int query = 16 * (warp % 2), column = 16 * (warp / 2);
      if (arguments.dq.data != nullptr && column < shape.head_dim && first + query < sequence.queries) {
        float dq[2][4] = {};
        if (!left_out) query_gradient<T, D>(dq, slopes, query, keys, sequence.keys, column);
        hies_cuda_rows part = arguments.dq;
        part.data = static_cast<T*>(part.data) + column;
        store_rows<T, 16>(part, sequence.first_query + first, query, sequence.queries - first, head, shape.head_dim - column, dq,
                          shape.scale, shape.scale, pairs);
      }
      __syncthreads();
    }
  }
  wait_copies<0>();
  if (row >= sequence.keys) return;
  if (arguments.dk.data != nullptr)
    store_rows<T, D>(arguments.dk, sequence.first_key, row, sequence.keys, kv, shape.head_dim, dk, shape.scale, shape.scale,
                     pairs);
  if (arguments.dv.data != nullptr)
    store_rows<T, D>(arguments.dv, sequence.first_key, row, sequence.keys, kv, shape.head_dim, dv, 1.f, 1.f, pairs);
}

template <class T, int D>
int run(const hies_cuda_shape& shape, const hies_cuda_backward& arguments, cudaStream_t stream) {
  bool aligned = shape.head_dim % 8 == 0;
  for (const hies_cuda_rows* rows :
       {&arguments.q, &arguments.k, &arguments.v, &arguments.dout, &arguments.dq, &arguments.dk, &arguments.dv})
    aligned = aligned && aligned16(*rows, 2);
  const dim3 grid(static_cast<unsigned>(shape.kv_heads), static_cast<unsigned>(shape.sequences));
  return launch(short_backward<T, D>, grid, kThreads, kSharedBytes<D>, stream, shape, arguments, aligned);
}

template <class T>
int run(const hies_cuda_shape& shape, const hies_cuda_backward& arguments, cudaStream_t stream) {
  return shape.head_dim <= 32 ? run<T, 32>(shape, arguments, stream) : run<T, 64>(shape, arguments, stream);
}

}  // namespace

bool is_short(const hies_cuda_shape& shape) {
  return shape.longest_queries <= kTokens && shape.longest_keys <= kTokens && shape.head_dim <= 64;
}

int short_backward(const hies_cuda_shape& shape, const hies_cuda_backward& arguments, cudaStream_t stream) {
  return shape.dtype == HIES_CUDA_BFLOAT16 ? run<bf16>(shape, arguments, stream) : run<fp16>(shape, arguments, stream);
}

}  // namespace hies::cuda
