#include <algorithm>

#include "hies/kernels/cuda/device/key_walk.cuh"
#include "hies/kernels/cuda/device/launch.cuh"

// The forward pass for sm_90a (Shah et al. 2024, FlashAttention-3): products of warpgroups, asynchronous copies of whole tiles, softmax of
// one tile while the tensor cores multiply another's. Entropy as in attention_tensor_forward.cu.
namespace hies::cuda {
namespace {

struct RowState {  // of a lane's two rows
  float most[2], total[2], shifted[2];
};

#ifdef __CUDA_ARCH_FEAT_SM90_ALL

// Turns logits into weights e^(s−m), in base 2; `factors` are for what was summed up before.
template <bool kEntropy, bool kMasked, int N>
__device__ void soften(float (&logits)[N][4], RowState& state, float (&factors)[2], float scale, const Mask& mask, int query,
                       int first_key) {
  float largest[2] = {-INFINITY, -INFINITY}, sum[2] = {}, turned[2] = {};
  int from[2], to[2];
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    from[half] = kMasked ? mask.first_key(query + 8 * half) - first_key : 0;
    to[half] = kMasked ? mask.end_key(query + 8 * half) - first_key : 0;
  }
#pragma unroll
  for (int n = 0; n < N; ++n)
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      const int key = 8 * n + j % 2;  // beside 2t, which from and to lack
      if (kMasked && (key < from[j / 2] || key >= to[j / 2])) logits[n][j] = -INFINITY;
      largest[j / 2] = fmaxf(largest[j / 2], logits[n][j]);
    }
  float safe[2], down[2];
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    // Logits are scaled where they are used: by a factor above 0, so that the largest stays the largest.
    const float now = fmaxf(state.most[half], quad_max(largest[half]) * scale);
    safe[half] = now == -INFINITY ? 0.f : now;
    down[half] = state.most[half] - safe[half];
    factors[half] = exp2_fast(down[half]);
    state.most[half] = now;
  }
#pragma unroll
  for (int n = 0; n < N; ++n)
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      const float below = fmaf(logits[n][j], scale, -safe[j / 2]);
      logits[n][j] = exp2_fast(below);
      sum[j / 2] += logits[n][j];
      // −∞·0 where nothing is seen; a finite distance below which the weight is 0 gives the same.
      if (kEntropy) turned[j / 2] = fmaf(logits[n][j], kMasked ? fmaxf(below, -200.f) : below, turned[j / 2]);
    }
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    float &total = state.total[half], &shifted = state.shifted[half];
    // Sums stay apart in the four lanes until the end: factors are the same in all.
    if (kEntropy) shifted = factors[half] * (shifted + fmaxf(down[half], -200.f) * total) + turned[half];
    total = factors[half] * total + sum[half];
  }
}

// logits = queries · keysᵀ, begun.
template <class T, int D, int N>
__device__ void begin_logits(float (&logits)[N][4], Operand queries, Operand keys) {
#pragma unroll
  for (int d = 0; d < D; d += 16) {
    // 16 columns are two units of 16 bytes, a panel 8 units a row.
    const int panel = d / kPanel, within = d % kPanel / 8;
    const Operand left = queries.behind(panel * 64 * 8 + within), right = keys.behind(panel * 8 * N * 8 + within);
    if (d == 0) multiply_rows<T, false>(logits, left, right);
    else multiply_rows<T, true>(logits, left, right);
  }
  close_products();
}

// sums += weights · values, begun.
template <class T, int D, int N>
__device__ void begin_values(float (&sums)[D / 8][4], const std::uint32_t (&weights)[N][4], Operand values) {
#pragma unroll
  for (int k = 0; k < N; ++k) multiply_columns<T>(sums, weights[k], values.behind(k * 16 * 8));
  close_products();
}

#endif

template <class T, int D, bool kEntropy>
__global__ void __launch_bounds__(kThreads<D>, Plan<D>::kBlocks)
    hopper_forward_kernel(const __grid_constant__ Maps maps, hies_cuda_shape shape, hies_cuda_forward arguments, Order order,
                          bool aligned) {
#ifdef __CUDA_ARCH_FEAT_SM90_ALL
  constexpr int kKeys = Plan<D>::kKeys, kStages = Plan<D>::kStages, N = kKeys / 8;
  constexpr bool kOverlap = Plan<D>::kOverlap;
  const auto [query_tile, head] = order.place(blockIdx.x);
  const Sequence sequence(shape, blockIdx.y);
  const int start = query_tile * kQueries<D>;
  const bool left_out = skipped(shape, head);
  const int kv = shape.kv_of_head[head];
  if (start >= sequence.queries) return;
  const int count = min(kQueries<D>, sequence.queries - start), groups = (count + 63) / 64;
  const Mask mask(shape, sequence);
  const int begin = mask.first_key(start) / kKeys * kKeys, end = left_out ? 0 : mask.end_key(start + count - 1);

  extern __shared__ unsigned char shared[];
  auto& memory = *reinterpret_cast<Memory<T, D>*>(shared + (1024 - shared_address(shared) % 1024) % 1024);
  if (threadIdx.x == 0) {
    if (maps.there) prefetch_map(&maps.keys), prefetch_map(&maps.values);
    memory.keys.ring.init(4 * groups), memory.values.ring.init(4 * groups);  // warps that use them
    publish_barriers();
  }
  __syncthreads();

  const int group = __shfl_sync(0xffffffffu, threadIdx.x / 128, 0);  // of all lanes, as the compiler is to know
  const int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
  const int group_start = start + 64 * group, group_count = min(64, sequence.queries - group_start);
  if (group_count <= 0) return;
  const int query = group_start + threadIdx.x % 128 / 32 * 16 + g;  // and query + 8

  const Walk<T, D> walk{memory,       maps, arguments,      sequence, begin, end > begin ? (end - begin + kKeys - 1) / kKeys : 0,
                        128 * groups, kv,   shape.head_dim, aligned};
  float sums[D / 8][4] = {};
  RowState state{{-INFINITY, -INFINITY}, {}, {}};
  if (walk.tiles > 0) {
    walk.begin(group, sequence.first_query + group_start, group_count, head);
    const Operand queries(uniform(shared_address(memory.queries[group])));
    const Operand all_keys(uniform(shared_address(memory.keys.tile)));
    const Operand all_values(uniform(shared_address(memory.values.tile)), kKeys * 2 * kPanel);
    const float scale = shape.scale * kLog2E;
    // Keys that every query of the warpgroup sees.
    const int all_from = mask.first_key(group_start + group_count - 1), all_to = mask.end_key(group_start);
    float logits[N][4], factors[2];
    std::uint32_t weights[N / 2][4];
    const auto begin_tile = [&](int i) {
      memory.keys.ring.wait_full(i);
      pin(logits);
      pin(sums);
      order_registers();
      begin_logits<T, D>(logits, queries, all_keys.behind(i % kStages * kKeys * D / 8));
    };
    const auto weigh = [&](int i) {  // once the logits are there
      pin(logits);
      if (lane == 0) memory.keys.ring.release(i);
      const int first = walk.first_key(i);
      if (first < all_from || first + kKeys > all_to)
        soften<kEntropy, true>(logits, state, factors, scale, mask, query, first + 2 * t);
      else soften<kEntropy, false>(logits, state, factors, scale, mask, query, first + 2 * t);
    };
    const auto keep_weights = [&] {
#pragma unroll
      for (int k = 0; k < N / 2; ++k) as_left<T>(weights[k], logits + 2 * k);
#pragma unroll
      for (int n = 0; n < D / 8; ++n)
#pragma unroll
        for (int j = 0; j < 4; ++j) sums[n][j] *= factors[j / 2];
    };
    const auto begin_sums = [&](int i) {
      memory.values.ring.wait_full(i);
      order_registers();
      begin_values<T, D>(sums, weights, all_values.behind(i % kStages * kKeys * D / 8));
    };
    const auto end_sums = [&](int i) {
      finish_products<0>();
      pin(sums);
      if (lane == 0) memory.values.ring.release(i);
    };
    const auto add_up = [&](int i) {
      pin(sums);
      begin_sums(i);
      end_sums(i);
    };
    for (int i = 0; i < (kOverlap ? 1 : walk.tiles); ++i) {
      begin_tile(i);
      walk.go_on(i);
      finish_products<0>();
      weigh(i);
      keep_weights();
      if (!kOverlap) add_up(i);
    }
    if constexpr (kOverlap) {
      for (int i = 1; i < walk.tiles; ++i) {
        begin_tile(i);
        begin_sums(i - 1);
        walk.go_on(i);
        finish_products<1>();  // the logits
        weigh(i);
        end_sums(i - 1);
        keep_weights();
      }
      add_up(walk.tiles - 1);
    }
  }

  float share[2];
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const float total = quad_sum(state.total[half]);
    share[half] = total > 0 ? 1 / total : 0.f;
    float shifted = 0;
    if (kEntropy) shifted = quad_sum(state.shifted[half]) * kLn2;
    const int here = query + 8 * half;
    if (t != 0 || here >= sequence.queries) continue;
    const long long place = static_cast<long long>(sequence.first_query + here) * shape.heads + head;
    if (arguments.lse != nullptr) arguments.lse[place] = total > 0 ? state.most[half] * kLn2 + logf(total) : -INFINITY;
    if (kEntropy)
      arguments.entropy[place] = left_out ? 0.f : normalised_entropy(total, shifted, mask.end_key(here) - mask.first_key(here));
  }
  if (arguments.out.data != nullptr)
    store_rows<T, D>(arguments.out, sequence.first_query + group_start, query - g - group_start, group_count, head,
                     shape.head_dim, sums, share[0], share[1], aligned);
#endif
}

using MakeMap = decltype(&cuTensorMapEncodeTiled);

MakeMap find_make_map() {
  void* function = nullptr;
  cudaDriverEntryPointQueryResult found{};
  const cudaError_t error =
      cudaGetDriverEntryPointByVersion("cuTensorMapEncodeTiled", &function, 12000, cudaEnableDefault, &found);
  return error == cudaSuccess && found == cudaDriverEntryPointSuccess ? reinterpret_cast<MakeMap>(function) : nullptr;
}

// For boxes of `tile` tokens × one head × a panel. How many tokens there are only the device knows, and only whole tiles are copied.
bool make_map(CUtensorMap& map, const hies_cuda_shape& shape, const hies_cuda_rows& rows, int tile) {
  static const MakeMap make = find_make_map();
  const cuuint64_t sizes[] = {static_cast<cuuint64_t>(shape.head_dim), static_cast<cuuint64_t>(shape.kv_heads), INT_MAX};
  const cuuint64_t strides[] = {static_cast<cuuint64_t>(rows.head_stride) * 2, static_cast<cuuint64_t>(rows.token_stride) * 2};
  const cuuint32_t box[] = {kPanel, 1, static_cast<cuuint32_t>(tile)}, steps[] = {1, 1, 1};
  const auto type = shape.dtype == HIES_CUDA_BFLOAT16 ? CU_TENSOR_MAP_DATA_TYPE_BFLOAT16 : CU_TENSOR_MAP_DATA_TYPE_FLOAT16;
  return make != nullptr &&
         make(&map, type, 3, rows.data, sizes, strides, box, steps, CU_TENSOR_MAP_INTERLEAVE_NONE, CU_TENSOR_MAP_SWIZZLE_128B,
              CU_TENSOR_MAP_L2_PROMOTION_L2_256B, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE) == CUDA_SUCCESS;
}

template <class T, int D, bool kEntropy>
int run(const hies_cuda_shape& shape, const hies_cuda_forward& given, cudaStream_t stream) {
  hies_cuda_forward arguments = given;
  if (arguments.out.data == nullptr) arguments.v = arguments.k;  // is multiplied, not used
  const bool aligned = rows_aligned<T>(shape, {arguments.q, arguments.k, arguments.v, arguments.out});
  Maps maps;
  maps.there = aligned && make_map(maps.keys, shape, arguments.k, Plan<D>::kKeys) &&
               make_map(maps.values, shape, arguments.v, Plan<D>::kKeys);
  // Keys and values of the heads that are worked on fill at most half of an H100's cache.
  constexpr double kCacheBytes = 25e6;
  const double head_bytes = 4.0 * shape.longest_keys * shape.head_dim * shape.kv_heads / shape.heads;
  const int at_once = static_cast<int>(std::clamp(kCacheBytes / std::max(head_bytes, 1.0), 1.0, 1.0 * shape.heads));
  const Order order{static_cast<int>(tiles_of(shape.longest_queries, kQueries<D>)), shape.heads, at_once};
  const dim3 grid(static_cast<unsigned>(order.tiles * order.heads), static_cast<unsigned>(shape.sequences));
  return launch(hopper_forward_kernel<T, D, kEntropy>, grid, kThreads<D>, kSharedBytes<T, D>, stream, maps, shape, arguments,
                order, aligned);
}

template <class T, int D>
int run(const hies_cuda_shape& shape, const hies_cuda_forward& arguments, cudaStream_t stream) {
  return arguments.entropy != nullptr ? run<T, D, true>(shape, arguments, stream) : run<T, D, false>(shape, arguments, stream);
}

template <class T>
int run(const hies_cuda_shape& shape, const hies_cuda_forward& arguments, cudaStream_t stream) {
  return shape.head_dim <= 64 ? run<T, 64>(shape, arguments, stream) : run<T, 128>(shape, arguments, stream);
}

}  // namespace

int hopper_forward(const hies_cuda_shape& shape, const hies_cuda_forward& arguments, cudaStream_t stream) {
  return shape.dtype == HIES_CUDA_BFLOAT16 ? run<bf16>(shape, arguments, stream) : run<fp16>(shape, arguments, stream);
}

}  // namespace hies::cuda
