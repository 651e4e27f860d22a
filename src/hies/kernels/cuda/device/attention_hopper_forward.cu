#include <algorithm>

#include "hies/kernels/cuda/device/attention.cuh"
#include "hies/kernels/cuda/device/hopper_pipeline.cuh"
#include "hies/kernels/cuda/device/launch.cuh"
#include "hies/kernels/cuda/device/online_softmax.cuh"
#include "hies/kernels/cuda/device/products.cuh"

// The forward pass for sm_90a (Shah et al. 2024, FlashAttention-3): warpgroup products, TMA loads of whole tiles, and the softmax
// of one tile while the tensor cores multiply another.
namespace hies::cuda {
namespace {

#ifdef __CUDA_ARCH_FEAT_SM90_ALL

// Online softmax over one tile of keys: replaces the logits of a lane's two rows, the queries query and query+8, by their
// weights. `factors` become those that rescale what was summed before. `first_key` is the key of the lane's first column; `scale`
// is shape.scale·log2 e.
template <bool kEntropy, bool kMasked, int N>
__device__ void softmax_tile(float (&logits)[N][4], OnlineSoftmax (&state)[2], float (&factors)[2], float scale, const Mask& mask,
                             int query, int first_key) {
  float largest[2] = {-INFINITY, -INFINITY}, sum[2] = {}, shifted_sum[2] = {};
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
      const int key = 8 * n + j % 2;  // relative to first_key, like from and to
      if (kMasked && (key < from[j / 2] || key >= to[j / 2])) logits[n][j] = -INFINITY;
      largest[j / 2] = fmaxf(largest[j / 2], logits[n][j]);
    }
  OnlineSoftmax::Rescaling rescaling[2];
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    rescaling[half] = state[half].raise_max(quad_max(largest[half]) * scale);
    factors[half] = rescaling[half].factor;
  }
#pragma unroll
  for (int n = 0; n < N; ++n)
#pragma unroll
    for (int j = 0; j < 4; ++j)
      to_weight<kEntropy, kMasked>(logits[n][j], scale, rescaling[j / 2].base, sum[j / 2], shifted_sum[j / 2]);
#pragma unroll
  for (int half = 0; half < 2; ++half) state[half].add<kEntropy>(rescaling[half], sum[half], shifted_sum[half]);
}

// Waits for the keys of tile i and starts logits = queries · keysᵀ. The products run until wgmma_wait; their registers must not
// be used before. `sums` is the result of products that may have been started since the last fence.
template <class T, int D, int N>
__device__ void start_logits(float (&logits)[N][4], float (&sums)[D / 8][4], MatrixDescriptor queries, MatrixDescriptor stages,
                             StageRing<T, D>& keys, int i) {
  keys.barriers.wait_full(i);
  fence_registers(logits);
  fence_registers(sums);
  wgmma_fence();
  const MatrixDescriptor tile = stages.advanced(i % TileConfig<D>::kStages * TileConfig<D>::kKeys * D / 8);
#pragma unroll
  for (int d = 0; d < D; d += 16) {
    // 16 columns are two units of 16 bytes; a row of a panel has 8 units.
    const int panel = d / kPanel, within = d % kPanel / 8;
    const MatrixDescriptor left = queries.advanced(panel * 64 * 8 + within), right = tile.advanced(panel * 8 * N * 8 + within);
    if (d == 0) wgmma_shared_shared<T, false>(logits, left, right);
    else wgmma_shared_shared<T, true>(logits, left, right);
  }
  wgmma_commit();
}

// Converts the weights, which replaced the logits, to fragments of T, and rescales the outputs by `factors`.
template <class T, int N, int kColumns>
__device__ void pack_weights(std::uint32_t (&weights)[N / 2][4], const float (&logits)[N][4], float (&sums)[kColumns][4],
                             const float (&factors)[2]) {
#pragma unroll
  for (int k = 0; k < N / 2; ++k) to_a<T>(weights[k], logits + 2 * k);
#pragma unroll
  for (int n = 0; n < kColumns; ++n)
#pragma unroll
    for (int j = 0; j < 4; ++j) sums[n][j] *= factors[j / 2];
}

// Starts sums += weights · values.
template <class T, int D, int N>
__device__ void start_sums(float (&sums)[D / 8][4], const std::uint32_t (&weights)[N][4], MatrixDescriptor values) {
#pragma unroll
  for (int k = 0; k < N; ++k) wgmma_registers_shared<T>(sums, weights[k], values.advanced(k * 16 * 8));
  wgmma_commit();
}

// Computes the outputs (`sums`, not yet divided by the row sums) and the softmax state of a warpgroup's queries, `queries` of the
// sequence from first_query on. A lane holds the rows query and query+8. The pipeline has at least one tile, and its prologue has
// run.
template <class T, int D, bool kEntropy>
__device__ void attend(const KeyValuePipeline<T, D>& pipeline, const T* shared_queries, const Mask& mask, LanePosition lane,
                       float scale, int first_query, int queries, int query, float (&sums)[D / 8][4], OnlineSoftmax (&state)[2]) {
  constexpr int kKeys = TileConfig<D>::kKeys, kStages = TileConfig<D>::kStages, N = kKeys / 8;
  constexpr bool kOverlap = TileConfig<D>::kOverlap;
  auto &keys = pipeline.memory.keys, &values = pipeline.memory.values;
  const MatrixDescriptor query_matrix(uniform(shared_address(shared_queries)));
  const MatrixDescriptor key_matrices(uniform(shared_address(keys.tile)));
  const MatrixDescriptor value_matrices(uniform(shared_address(values.tile)), kKeys * 2 * kPanel);
  // All queries of the warpgroup attend to the keys all_from … all_to−1.
  const int all_from = mask.first_key(first_query + queries - 1), all_to = mask.end_key(first_query);
  float logits[N][4], factors[2];
  std::uint32_t weights[N / 2][4];
  const auto start_tile = [&](int i) { start_logits<T, D>(logits, sums, query_matrix, key_matrices, keys, i); };
  const auto softmax = [&](int i) {  // once the logits are complete
    fence_registers(logits);
    if (lane.lane == 0) keys.barriers.release(i);
    const int first = pipeline.first_key(i);
    if (first < all_from || first + kKeys > all_to)
      softmax_tile<kEntropy, true>(logits, state, factors, scale, mask, query, first + 2 * lane.t);
    else softmax_tile<kEntropy, false>(logits, state, factors, scale, mask, query, first + 2 * lane.t);
  };
  const auto start_values = [&](int i) {
    values.barriers.wait_full(i);
    wgmma_fence();
    start_sums<T, D>(sums, weights, value_matrices.advanced(i % kStages * kKeys * D / 8));
  };
  const auto finish_values = [&](int i) {
    wgmma_wait<0>();
    fence_registers(sums);
    if (lane.lane == 0) values.barriers.release(i);
  };
  const auto add_values = [&](int i) {
    fence_registers(sums);
    start_values(i);
    finish_values(i);
  };
  for (int i = 0; i < (kOverlap ? 1 : pipeline.tiles); ++i) {
    start_tile(i);
    pipeline.prefetch(i);
    wgmma_wait<0>();
    softmax(i);
    pack_weights<T>(weights, logits, sums, factors);
    if (!kOverlap) add_values(i);
  }
  if constexpr (kOverlap) {
    for (int i = 1; i < pipeline.tiles; ++i) {
      start_tile(i);
      start_values(i - 1);
      pipeline.prefetch(i);
      wgmma_wait<1>();  // for the logits
      softmax(i);
      finish_values(i - 1);
      pack_weights<T>(weights, logits, sums, factors);
    }
    add_values(pipeline.tiles - 1);
  }
}

#endif

template <class T, int D, bool kEntropy>
__global__ void __launch_bounds__(kThreads<D>, TileConfig<D>::kBlocksPerSm)
    hopper_forward_kernel(const __grid_constant__ TmaDescriptors descriptors, hies_cuda_shape shape, hies_cuda_forward arguments,
                          TileScheduler scheduler, bool aligned) {
#ifdef __CUDA_ARCH_FEAT_SM90_ALL
  constexpr int kKeys = TileConfig<D>::kKeys;
  const auto [query_tile, head] = scheduler.tile_of(blockIdx.x);
  const Sequence sequence(shape, blockIdx.y);
  const int start = query_tile * kQueries<D>;
  const bool skip = is_skipped(shape, head);
  const int kv = shape.kv_of_head[head];
  if (start >= sequence.queries) return;
  const int count = min(kQueries<D>, sequence.queries - start), groups = (count + 63) / 64;
  const Mask mask(shape, sequence);
  const int begin = mask.first_key(start) / kKeys * kKeys, end = skip ? 0 : mask.end_key(start + count - 1);

  extern __shared__ unsigned char shared[];
  auto& memory = *reinterpret_cast<SharedMemory<T, D>*>(shared + (1024 - shared_address(shared) % 1024) % 1024);
  if (threadIdx.x == 0) {
    if (descriptors.usable) prefetch_descriptor(&descriptors.keys), prefetch_descriptor(&descriptors.values);
    memory.keys.barriers.init(4 * groups), memory.values.barriers.init(4 * groups);  // each warp releases a stage once
    fence_barrier_init();
  }
  __syncthreads();

  const int group = __shfl_sync(0xffffffffu, threadIdx.x / 128, 0);  // the shuffle shows the compiler that a warp has one group
  const LanePosition lane;
  const int group_start = start + 64 * group, group_count = min(64, sequence.queries - group_start);
  if (group_count <= 0) return;
  const int query = group_start + threadIdx.x % 128 / 32 * 16 + lane.g;

  const KeyValuePipeline<T, D> pipeline{
      memory,       descriptors, arguments,      sequence, begin, end > begin ? (end - begin + kKeys - 1) / kKeys : 0,
      128 * groups, kv,          shape.head_dim, aligned};
  float sums[D / 8][4] = {};
  OnlineSoftmax state[2];
  if (pipeline.tiles > 0) {
    pipeline.prologue(group, sequence.first_query + group_start, group_count, head);
    attend<T, D, kEntropy>(pipeline, memory.queries[group], mask, lane, shape.scale * kLog2E, group_start, group_count, query,
                           sums, state);
  }

  float inverse[2];
#pragma unroll
  for (int half = 0; half < 2; ++half)
    inverse[half] = finish_row<kEntropy>(state[half], lane, shape, arguments, sequence, mask, query + 8 * half, head, skip);
  if (arguments.out.data != nullptr)
    store_rows<T, D>(arguments.out, sequence.first_query + group_start, query - lane.g - group_start, group_count, head,
                     shape.head_dim, sums, inverse[0], inverse[1], aligned);
#endif
}

using EncodeTiled = decltype(&cuTensorMapEncodeTiled);

// Returns the driver's function, or null. It is looked up at run time because the plug-in does not link the driver.
EncodeTiled find_encode_tiled() {
  void* function = nullptr;
  cudaDriverEntryPointQueryResult found{};
  const cudaError_t error =
      cudaGetDriverEntryPointByVersion("cuTensorMapEncodeTiled", &function, 12000, cudaEnableDefault, &found);
  return error == cudaSuccess && found == cudaDriverEntryPointSuccess ? reinterpret_cast<EncodeTiled>(function) : nullptr;
}

// Makes the TMA descriptor for boxes of `tile` tokens × one head × one panel. Returns false if TMA does not support the rows. The
// number of tokens is given as INT_MAX: only the device knows it, and only whole tiles are loaded.
bool make_descriptor(CUtensorMap& descriptor, const hies_cuda_shape& shape, const hies_cuda_rows& rows, int tile) {
  static const EncodeTiled encode = find_encode_tiled();
  const cuuint64_t sizes[] = {static_cast<cuuint64_t>(shape.head_dim), static_cast<cuuint64_t>(shape.kv_heads), INT_MAX};
  const cuuint64_t strides[] = {static_cast<cuuint64_t>(rows.head_stride) * 2, static_cast<cuuint64_t>(rows.token_stride) * 2};
  const cuuint32_t box[] = {kPanel, 1, static_cast<cuuint32_t>(tile)}, steps[] = {1, 1, 1};
  const auto type = shape.dtype == HIES_CUDA_BFLOAT16 ? CU_TENSOR_MAP_DATA_TYPE_BFLOAT16 : CU_TENSOR_MAP_DATA_TYPE_FLOAT16;
  return encode != nullptr && encode(&descriptor, type, 3, rows.data, sizes, strides, box, steps, CU_TENSOR_MAP_INTERLEAVE_NONE,
                                     CU_TENSOR_MAP_SWIZZLE_128B, CU_TENSOR_MAP_L2_PROMOTION_L2_256B,
                                     CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE) == CUDA_SUCCESS;
}

template <class T, int D, bool kEntropy>
int launch_forward(const hies_cuda_shape& shape, const hies_cuda_forward& given, cudaStream_t stream) {
  hies_cuda_forward arguments = given;
  if (arguments.out.data == nullptr)
    arguments.v = arguments.k;  // the kernel multiplies values even if it does not store the outputs
  const bool aligned = rows_aligned<T>(shape, {arguments.q, arguments.k, arguments.v, arguments.out});
  TmaDescriptors descriptors;
  descriptors.usable = aligned && make_descriptor(descriptors.keys, shape, arguments.k, TileConfig<D>::kKeys) &&
                       make_descriptor(descriptors.values, shape, arguments.v, TileConfig<D>::kKeys);
  // Keys and values of the heads that run at a time fill at most half of an H100's L2 cache.
  constexpr double kCacheBytes = 25e6;
  const double head_bytes = 4.0 * shape.longest_keys * shape.head_dim * shape.kv_heads / shape.heads;
  const int heads_at_once = static_cast<int>(std::clamp(kCacheBytes / std::max(head_bytes, 1.0), 1.0, 1.0 * shape.heads));
  const TileScheduler scheduler{static_cast<int>(tiles_of(shape.longest_queries, kQueries<D>)), shape.heads, heads_at_once};
  const dim3 grid(static_cast<unsigned>(scheduler.tiles * scheduler.heads), static_cast<unsigned>(shape.sequences));
  return launch(hopper_forward_kernel<T, D, kEntropy>, grid, kThreads<D>, kSharedBytes<T, D>, stream, descriptors, shape,
                arguments, scheduler, aligned);
}

template <class T>
int launch_forward(const hies_cuda_shape& shape, const hies_cuda_forward& arguments, cudaStream_t stream) {
  return with_head_size<64, 128>(shape.head_dim, [&](auto size) {
    return arguments.entropy != nullptr ? launch_forward<T, size.value, true>(shape, arguments, stream)
                                        : launch_forward<T, size.value, false>(shape, arguments, stream);
  });
}

}  // namespace

int hopper_forward(const hies_cuda_shape& shape, const hies_cuda_forward& arguments, cudaStream_t stream) {
  return shape.dtype == HIES_CUDA_BFLOAT16 ? launch_forward<bf16>(shape, arguments, stream)
                                           : launch_forward<fp16>(shape, arguments, stream);
}

}  // namespace hies::cuda
