#include <cuda.h>

#include <algorithm>

#include "hies/kernels/cuda/device/barrier.cuh"
#include "hies/kernels/cuda/device/launch.cuh"
#include "hies/kernels/cuda/device/wgmma.cuh"

// The forward pass for sm_90a: a block holds kGroups × 64 queries of one head, 64 for each warpgroup, and one warpgroup more that copies tiles
// of keys and values into a ring, from the last to the first. While a warpgroup turns one tile's logits into weights the tensor cores
// multiply the weights of the tile before with its values (Shah et al. 2024, FlashAttention-3). Entropy as in attention_tensor_forward.cu.
namespace hies::cuda {
namespace {

#ifndef HIES_TUNE_64
#define HIES_TUNE_64 2, 64, 4, 2
#endif
#ifndef HIES_TUNE_128
#define HIES_TUNE_128 2, 128, 2, 1
#endif
template <int groups, int keys, int stages, int blocks>
struct Numbers {
  static constexpr int kGroups = groups, kQueries = 64 * groups, kKeys = keys, kStages = stages, kBlocks = blocks;
  static constexpr int kThreads = 128 * groups;
};
template <int D>
using Plan = std::conditional_t<D == 64, Numbers<HIES_TUNE_64>, Numbers<HIES_TUNE_128>>;

// What a block keeps in shared memory.
template <class T, int D>
struct alignas(1024) Memory {
  using P = Plan<D>;
  T queries[P::kGroups][64 * D];
  T keys[P::kStages][P::kKeys * D], values[P::kStages][P::kKeys * D];
  Ring<P::kStages> keys_ring, values_ring;
};
template <class T, int D>
constexpr std::size_t kSharedBytes = sizeof(Memory<T, D>) + 1024;  // dynamic memory need not begin at a multiple of 1024

// The order of blocks: those that see most come first, of as many heads at a time as have room for their keys and values in the cache.
struct Order {
  int tiles, heads, heads_at_once;

  struct Place {
    int tile, head;
  };
  __device__ Place place(int block) const {
    const int first = block / (tiles * heads_at_once) * heads_at_once, here = min(heads_at_once, heads - first);
    const int rest = block - first * tiles;
    return {tiles - 1 - rest / here, first + rest % here};
  }
};

struct Maps {
  CUtensorMap keys, values;
  int there;  // 0: rows that tensor copies do not take
};

struct RowState {  // of a lane's two rows
  float most[2], total[2], shifted[2];
};

#ifdef __CUDA_ARCH_FEAT_SM90_ALL

// Begins to copy `count` rows from token `first` on into a swizzled tile, by `threads` threads; the rest of the tile becomes zero.
template <class T, int D, int kRows>
__device__ void copy_rows(T* tile, const hies_cuda_rows& rows, long long first, int count, int head, int head_dim, bool aligned,
                          int thread, int threads) {
  if (aligned) {
#pragma unroll 2
    for (int i = thread; i < kRows * (D / 8); i += threads) {
      const int row = i / (D / 8), column = i % (D / 8) * 8;
      const bool there = row < count && column < head_dim;
      copy16(tile + swizzled<kRows>(row, column), row_of<T>(rows, first + (there ? row : 0), head) + (there ? column : 0), there);
    }
  } else {
    for (int i = thread; i < kRows * D; i += threads) {
      const int row = i / D, column = i % D;
      const bool there = row < count && column < head_dim;
      tile[swizzled<kRows>(row, column)] = there ? row_of<T>(rows, first + row, head)[column] : from_float<T>(0.f);
    }
  }
}
// Until what this thread copied is there, also for the tensor cores.
__device__ void settle_copies() {
  commit_copies();
  wait_copies<0>();
  publish_to_async();
}

// Turns logits into weights e^(s−m), in base 2; `factors` are for what was summed up before. Neighbours have sums of their own, so that
// additions need not wait for one another.
template <bool kEntropy, bool kMasked, int N>
__device__ void soften(float (&logits)[N][4], RowState& state, float (&factors)[2], float scale, const Mask& mask, int query,
                       int first_key) {
  float largest[4] = {-INFINITY, -INFINITY, -INFINITY, -INFINITY}, sum[4] = {}, turned[4] = {};
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
      largest[j] = fmaxf(largest[j], logits[n][j]);
    }
  float safe[2], down[2];
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    // Logits are scaled where they are used: by a factor above 0, so that the largest stays the largest.
    const float now = fmaxf(state.most[half], quad_max(fmaxf(largest[2 * half], largest[2 * half + 1])) * scale);
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
      sum[j] += logits[n][j];
      // −∞·0 where nothing is seen; a finite distance below which the weight is 0 gives the same.
      if (kEntropy) turned[j] = fmaf(logits[n][j], kMasked ? fmaxf(below, -200.f) : below, turned[j]);
    }
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    float &total = state.total[half], &shifted = state.shifted[half];
    // Sums stay apart in the four lanes until the end: factors are the same in all.
    if (kEntropy)
      shifted = factors[half] * (shifted + fmaxf(down[half], -200.f) * total) + (turned[2 * half] + turned[2 * half + 1]);
    total = factors[half] * total + (sum[2 * half] + sum[2 * half + 1]);
  }
}

// Which tiles of keys a block walks over, from the last to the first, and how they come into its ring.
template <class T, int D>
struct Walk {
  using P = Plan<D>;
  static constexpr int kKeys = P::kKeys;
  Memory<T, D>& memory;
  const Maps& maps;
  const Sequence& sequence;
  int from, tiles, threads, kv, head_dim;
  bool aligned;

  __device__ int first_key(int i) const { return from + (tiles - 1 - i) * kKeys; }

  // Only whole tiles are copied as boxes, by one thread: what stands behind a sequence must not come in, and a box may not end behind
  // the tensor. Other tiles are copied by all threads.
  __device__ bool boxed(int i) const { return maps.there && sequence.keys - first_key(i) >= kKeys; }
  __device__ void begin_keys(const hies_cuda_forward& arguments, int i) const {
    begin(memory.keys_ring, memory.keys[i % P::kStages], maps.keys, arguments.k, i);
  }
  __device__ void begin_values(const hies_cuda_forward& arguments, int i) const {
    begin(memory.values_ring, memory.values[i % P::kStages], maps.values, arguments.v, i);
  }
  // After all threads have settled their copies and met.
  __device__ void end_keys(int i) const {
    if (threadIdx.x == 0 && !boxed(i)) memory.keys_ring.filled(i).arrive();
  }
  __device__ void end_values(int i) const {
    if (threadIdx.x == 0 && !boxed(i)) memory.values_ring.filled(i).arrive();
  }
  // While the i-th tile is used: the next keys and values that have a place.
  __device__ void refill(const hies_cuda_forward& arguments, int i) const {
    const int key_tile = i + P::kStages - 1, value_tile = key_tile - 1;
    const bool more_keys = key_tile < tiles, more_values = value_tile < tiles, alone = maps.there;
    if (!more_values) return;
    if (!alone) meet(1, threads);  // places are free
    if (more_keys) begin_keys(arguments, key_tile);
    begin_values(arguments, value_tile);
    if (alone) return;
    settle_copies();
    meet(1, threads);
    if (more_keys) end_keys(key_tile);
    end_values(value_tile);
  }

 private:
  __device__ void begin(Ring<P::kStages>& ring, T* tile, const CUtensorMap& map, const hies_cuda_rows& rows, int i) const {
    const int first = first_key(i);
    if (!boxed(i)) {
      copy_rows<T, D, kKeys>(tile, rows, sequence.first_key + first, min(kKeys, sequence.keys - first), kv, head_dim, aligned,
                             threadIdx.x, threads);
    } else if (threadIdx.x == 0) {
      ring.wait_empty(i);
      ring.filled(i).arrive_for(kKeys * D * 2);
#pragma unroll
      for (int panel = 0; panel < D / kPanel; ++panel)
        copy_box(tile + panel * kKeys * kPanel, &map, ring.filled(i), panel * kPanel, kv, sequence.first_key + first);
    }
  }
};

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
  begin_products();
}

// sums += weights · values, begun.
template <class T, int D, int N>
__device__ void begin_values(float (&sums)[D / 8][4], const std::uint32_t (&weights)[N][4], Operand values) {
#pragma unroll
  for (int k = 0; k < N; ++k) multiply_columns<T>(sums, weights[k], values.behind(k * 16 * 8));
  begin_products();
}

#endif

template <class T, int D, bool kEntropy>
__global__ void __launch_bounds__(Plan<D>::kThreads, Plan<D>::kBlocks)
    hopper_forward_kernel(const __grid_constant__ Maps maps, hies_cuda_shape shape, hies_cuda_forward arguments, Order order,
                          bool aligned) {
#ifdef __CUDA_ARCH_FEAT_SM90_ALL
  using P = Plan<D>;
  constexpr int kKeys = P::kKeys, N = kKeys / 8;
  const auto [query_tile, head] = order.place(blockIdx.x);
  const Sequence sequence(shape, blockIdx.y);
  const int start = query_tile * P::kQueries;
  if (start >= sequence.queries) return;
  const int count = min(P::kQueries, sequence.queries - start), groups = (count + 63) / 64;
  const bool left_out = skipped(shape, head);
  const Mask mask(shape, sequence);
  const int begin = mask.first_key(start) / kKeys * kKeys, end = left_out ? 0 : mask.end_key(start + count - 1);
  const int kv = shape.kv_of_head[head];

  extern __shared__ unsigned char shared[];
  auto& memory = *reinterpret_cast<Memory<T, D>*>(shared + (1024 - shared_address(shared) % 1024) % 1024);
  if (threadIdx.x == 0) {
    memory.keys_ring.init(4 * groups), memory.values_ring.init(4 * groups);  // every warp that works
    publish_barriers();
  }
  __syncthreads();

  const int group = __shfl_sync(0xffffffffu, threadIdx.x / 128, 0);  // the compiler is to know that all lanes have it
  const int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
  const int group_start = start + 64 * group, group_count = min(64, sequence.queries - group_start);
  if (group_count <= 0) return;
  const int query = group_start + threadIdx.x % 128 / 32 * 16 + g;  // and query + 8

  const Walk<T, D> walk{memory, maps, sequence, begin, end > begin ? (end - begin + kKeys - 1) / kKeys : 0, 128 * groups, kv,
                        shape.head_dim, aligned};
  float sums[D / 8][4] = {};
  RowState state{{-INFINITY, -INFINITY}, {}, {}};
  if (walk.tiles > 0) {
    // Addresses that all lanes have in common, in units of 16 bytes.
    const auto uniform = [](Operand operand) { return operand.behind(__shfl_sync(0xffffffffu, operand.low, 0) - operand.low); };
    const Operand queries = uniform(Operand(shared_address(memory.queries[group])));
    const Operand all_keys(shared_address(memory.keys)), all_values(shared_address(memory.values), kKeys * 2 * kPanel);
    const auto keys_of = [&](int i) { return all_keys.behind(i % P::kStages * kKeys * D / 8); };
    const auto values_of = [&](int i) { return all_values.behind(i % P::kStages * kKeys * D / 8); };
    const int keys_first = min(P::kStages, walk.tiles), values_first = min(P::kStages - 1, walk.tiles);
    for (int i = 0; i < keys_first; ++i) {
      walk.begin_keys(arguments, i);
      if (i < values_first) walk.begin_values(arguments, i);
    }
    copy_rows<T, D, 64>(memory.queries[group], arguments.q, sequence.first_query + group_start, group_count, head, shape.head_dim,
                        aligned, threadIdx.x % 128, 128);
    settle_copies();
    meet(1, walk.threads);
    for (int i = 0; i < keys_first; ++i) walk.end_keys(i);
    for (int i = 0; i < values_first; ++i) walk.end_values(i);

    const float scale = shape.scale * kLog2E;
    // Keys that every query of the warpgroup sees.
    const int all_from = mask.first_key(group_start + group_count - 1), all_to = mask.end_key(group_start);
    float logits[N][4], factors[2];
    std::uint32_t weights[N / 2][4];
    const auto soften_tile = [&](int i) {
      const int first = walk.first_key(i);
      if (first < all_from || first + kKeys > all_to)
        soften<kEntropy, true>(logits, state, factors, scale, mask, query, first + 2 * t);
      else
        soften<kEntropy, false>(logits, state, factors, scale, mask, query, first + 2 * t);
    };
    const auto keep_weights = [&] {
#pragma unroll
      for (int k = 0; k < N / 2; ++k) as_left<T>(weights[k], logits[2 * k], logits[2 * k + 1]);
    };
    memory.keys_ring.wait_full(0);
    order_registers();
    begin_logits<T, D>(logits, queries, keys_of(0));
    finish_products<0>();
    pin(logits);
    if (lane == 0) memory.keys_ring.release(0);
    soften_tile(0);
    keep_weights();
    for (int i = 1; i < walk.tiles; ++i) {
      memory.keys_ring.wait_full(i);
      pin(logits);
      pin(sums);
      order_registers();
      begin_logits<T, D>(logits, queries, keys_of(i));
      memory.values_ring.wait_full(i - 1);
      begin_values<T, D>(sums, weights, values_of(i - 1));
      walk.refill(arguments, i);
      finish_products<1>();
      pin(logits);
      if (lane == 0) memory.keys_ring.release(i);
      soften_tile(i);
      finish_products<0>();
      pin(sums);
      if (lane == 0) memory.values_ring.release(i - 1);
      keep_weights();
#pragma unroll
      for (int n = 0; n < D / 8; ++n)
#pragma unroll
        for (int j = 0; j < 4; ++j) sums[n][j] *= factors[j / 2];
    }
    memory.values_ring.wait_full(walk.tiles - 1);
    pin(sums);
    order_registers();
    begin_values<T, D>(sums, weights, values_of(walk.tiles - 1));
    finish_products<0>();
    pin(sums);
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
    store_rows<T, D>(arguments.out, sequence.first_query + group_start, query - g - group_start, group_count, head, shape.head_dim,
                     sums, share[0], share[1], aligned);
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
  const auto type =
      shape.dtype == HIES_CUDA_BFLOAT16 ? CU_TENSOR_MAP_DATA_TYPE_BFLOAT16 : CU_TENSOR_MAP_DATA_TYPE_FLOAT16;
  return make != nullptr && make(&map, type, 3, rows.data, sizes, strides, box, steps, CU_TENSOR_MAP_INTERLEAVE_NONE,
                                 CU_TENSOR_MAP_SWIZZLE_128B, CU_TENSOR_MAP_L2_PROMOTION_L2_256B,
                                 CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE) == CUDA_SUCCESS;
}

template <class T, int D, bool kEntropy>
int run(const hies_cuda_shape& shape, const hies_cuda_forward& given, cudaStream_t stream) {
  using P = Plan<D>;
  hies_cuda_forward arguments = given;
  if (arguments.out.data == nullptr) arguments.v = arguments.k;  // is multiplied, not used
  const bool aligned = shape.head_dim % 8 == 0 && aligned16(arguments.q, 2) && aligned16(arguments.k, 2) &&
                       aligned16(arguments.v, 2) && aligned16(arguments.out, 2);
  Maps maps;
  maps.there = aligned && make_map(maps.keys, shape, arguments.k, P::kKeys) && make_map(maps.values, shape, arguments.v, P::kKeys);
  // Keys and values of the heads that are worked on fill at most half of an H100's cache.
  constexpr double kCacheBytes = 25e6;
  const double head_bytes = 4.0 * shape.longest_keys * shape.head_dim * shape.kv_heads / shape.heads;
  const int at_once = static_cast<int>(std::clamp(kCacheBytes / std::max(head_bytes, 1.0), 1.0, 1.0 * shape.heads));
  const Order order{static_cast<int>(tiles_of(shape.longest_queries, P::kQueries)), shape.heads, at_once};
  const dim3 grid(static_cast<unsigned>(order.tiles * order.heads), static_cast<unsigned>(shape.sequences));
  return launch(hopper_forward_kernel<T, D, kEntropy>, grid, P::kThreads, kSharedBytes<T, D>, stream, maps, shape, arguments,
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
