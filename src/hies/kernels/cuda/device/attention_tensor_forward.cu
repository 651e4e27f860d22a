#include "hies/kernels/cuda/device/attention.cuh"
#include "hies/kernels/cuda/device/launch.cuh"
#include "hies/kernels/cuda/device/online_softmax.cuh"
#include "hies/kernels/cuda/device/products.cuh"

// The forward pass on tensor cores (Dao 2023, FlashAttention-2). A block holds kQueries queries of one head, kRowBlocks × 16 rows
// for each of its four warps. It loops over tiles of kKeys keys and prefetches the next tile while it computes with the current
// one.
namespace hies::cuda {
namespace {

constexpr int kWarps = 4, kThreads = 32 * kWarps;

// Tile sizes of a block. float32 needs twice the registers and shared memory of the 2-byte types. Where these leave room, queries
// stay in registers, or a third block runs on the multiprocessor.
template <class T, int D>
struct TileConfig {
  static constexpr bool kTwoByte = sizeof(T) == 2, kQueriesInRegisters = kTwoByte ? D <= 64 : D > 64;
  static constexpr int kRowBlocks = kTwoByte || D <= 64 ? 2 : 1, kQueries = 16 * kRowBlocks * kWarps;
  static constexpr int kBlocksPerSm = !kTwoByte && D <= 64 ? 3 : 2;
  static constexpr int kKeys = kTwoByte ? 64 : 32, kStages = 2, kTileElements = kKeys * kRowStride<T, D>;
  static constexpr std::size_t kSharedBytes = (kQueries * kRowStride<T, D> + 2 * kStages * kTileElements) * sizeof(T);
};

template <bool kMasked>
__device__ bool visible(int key, int from, int to) {
  return !kMasked || (key >= from && key < to);
}

// Online softmax over one tile of keys: replaces the logits by their weights, updates the state of the rows, and rescales `sums`.
// `scale` is shape.scale·log2 e. first_row is the warp's first query, first_key the tile's first key.
template <bool kEntropy, bool kMasked, int kRowBlocks, int N, int kColumns>
__device__ void softmax_tile(float (&logits)[kRowBlocks][N][4], float (&sums)[kRowBlocks][kColumns][4],
                             OnlineSoftmax (&state)[kRowBlocks][2], LanePosition lane, float scale, const Mask& mask,
                             int first_row, int first_key) {
#pragma unroll
  for (int block = 0; block < kRowBlocks; ++block)
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int query = first_row + 16 * block + 8 * half + lane.g;
      const int from = kMasked ? mask.first_key(query) : 0, to = kMasked ? mask.end_key(query) : 0;
      float largest = -INFINITY;
#pragma unroll
      for (int n = 0; n < N; ++n)
#pragma unroll
        for (int i = 0; i < 2; ++i) {
          float& logit = logits[block][n][2 * half + i];
          if (!visible<kMasked>(first_key + 8 * n + 2 * lane.t + i, from, to)) logit = -INFINITY;
          largest = fmaxf(largest, logit);
        }
      const auto rescaling = state[block][half].raise_max(quad_max(largest) * scale);
      float sum = 0, shifted_sum = 0;
#pragma unroll
      for (int n = 0; n < N; ++n)
#pragma unroll
        for (int i = 0; i < 2; ++i)
          to_weight<kEntropy, kMasked>(logits[block][n][2 * half + i], scale, rescaling.base, sum, shifted_sum);
      state[block][half].template add<kEntropy>(rescaling, sum, shifted_sum);
#pragma unroll
      for (int n = 0; n < kColumns; ++n) {
        sums[block][n][2 * half] *= rescaling.factor;
        sums[block][n][2 * half + 1] *= rescaling.factor;
      }
    }
}

// Starts the rows. nvcc 13.0 runs the default initialisers of an array of arrays for its first array alone.
template <int kRowBlocks>
__device__ void reset(OnlineSoftmax (&state)[kRowBlocks][2]) {
#pragma unroll
  for (int block = 0; block < kRowBlocks; ++block) state[block][0] = state[block][1] = OnlineSoftmax{};
}

// Stores the outputs and the statistics of a warp's rows; `start` is the block's first query, `row` the warp's first row in the
// block.
template <class T, int D, bool kEntropy, int kRowBlocks>
__device__ void store_results(const hies_cuda_shape& shape, const hies_cuda_forward& arguments, const Sequence& sequence,
                              const Mask& mask, LanePosition lane, const OnlineSoftmax (&state)[kRowBlocks][2],
                              const float (&sums)[kRowBlocks][D / 8][4], int start, int row, int count, int head, bool skip,
                              bool aligned) {
#pragma unroll
  for (int block = 0; block < kRowBlocks; ++block) {
    float inverse[2];
#pragma unroll
    for (int half = 0; half < 2; ++half)
      inverse[half] = finish_row<kEntropy>(state[block][half], lane, shape, arguments, sequence, mask,
                                           start + row + 16 * block + 8 * half + lane.g, head, skip);
    if (arguments.out.data != nullptr)
      store_rows<T, D>(arguments.out, sequence.first_query + start, row + 16 * block, count, head, shape.head_dim, sums[block],
                       inverse[0], inverse[1], aligned);
  }
}

template <class T, int D, bool kEntropy>
__global__ void __launch_bounds__(kThreads, TileConfig<T, D>::kBlocksPerSm)
    tensor_forward_kernel(hies_cuda_shape shape, hies_cuda_forward arguments, bool aligned) {
  using Config = TileConfig<T, D>;
  constexpr int kQueries = Config::kQueries, kKeys = Config::kKeys, kRowBlocks = Config::kRowBlocks, kStages = Config::kStages;
  const int head = blockIdx.y, start = (gridDim.x - 1 - blockIdx.x) * kQueries;  // causal: blocks with most keys come first
  const Sequence sequence(shape, blockIdx.z);
  if (start >= sequence.queries) return;
  const int count = min(kQueries, sequence.queries - start), row = threadIdx.x / 32 * 16 * kRowBlocks;
  const LanePosition lane;
  const bool skip = is_skipped(shape, head);
  const Mask mask(shape, sequence);
  const int kv = shape.kv_of_head[head], begin = mask.first_key(start) / kKeys * kKeys;
  const int end = skip ? 0 : mask.end_key(start + count - 1), tiles = end > begin ? (end - begin + kKeys - 1) / kKeys : 0;

  extern __shared__ float4 memory[];
  T* queries = reinterpret_cast<T*>(memory);
  T *keys = queries + kQueries * kRowStride<T, D>, *values = keys + kStages * Config::kTileElements;
  const auto prefetch = [&](int tile) {
    const int first = begin + tile * kKeys, tile_keys = min(kKeys, sequence.keys - first);
    const int offset = tile % kStages * Config::kTileElements, token = sequence.first_key + first;
    copy_tile<T, D, kKeys, kThreads>(keys + offset, arguments.k, token, tile_keys, kv, shape.head_dim, aligned);
    commit_copies();
    copy_tile<T, D, kKeys, kThreads>(values + offset, arguments.v, token, tile_keys, kv, shape.head_dim, aligned);
    commit_copies();
  };
  float sums[kRowBlocks][D / 8][4] = {};
  const SharedRows<T, D, kRowBlocks> shared_rows{queries, row};
  RegisterRows<T, Config::kQueriesInRegisters ? D : kDepth<T>, kRowBlocks> register_rows;
  OnlineSoftmax state[kRowBlocks][2];
  reset(state);
  if (tiles > 0) {
    copy_tile<T, D, kQueries, kThreads>(queries, arguments.q, sequence.first_query + start, count, head, shape.head_dim, aligned);
    prefetch(0);
  }
  const float scale = shape.scale * kLog2E;
  // All queries of the block attend to the keys all_from … all_to−1.
  const int all_from = mask.first_key(start + count - 1), all_to = mask.end_key(start);
  for (int tile = 0; tile < tiles; ++tile) {
    const int first = begin + tile * kKeys, offset = tile % kStages * Config::kTileElements;
    wait_copies<1>();  // the queries and this tile's keys
    __syncthreads();
    // All warps are done with the previous tile, so its stage can be filled.
    if (tile + 1 < tiles) prefetch(tile + 1);
    float logits[kRowBlocks][kKeys / 8][4];
    if constexpr (Config::kQueriesInRegisters) {
      if (tile == 0) register_rows.load_from(shared_rows);
      multiply_transposed<T, D>(logits, register_rows, keys + offset);
    } else multiply_transposed<T, D>(logits, shared_rows, keys + offset);
    if (first < all_from || first + kKeys > all_to)
      softmax_tile<kEntropy, true>(logits, sums, state, lane, scale, mask, start + row, first);
    else softmax_tile<kEntropy, false>(logits, sums, state, lane, scale, mask, start + row, first);
    if (tile + 1 < tiles) wait_copies<2>();  // this tile's values
    else wait_copies<0>();
    __syncthreads();
    // In TF32 weights keep full precision, because the backward pass takes the small difference dP − ⟨dO, O⟩.
    if (arguments.out.data != nullptr) multiply_add<T, D, sizeof(T) == 4>(sums, logits, values + offset);
  }
  store_results<T, D, kEntropy>(shape, arguments, sequence, mask, lane, state, sums, start, row, count, head, skip, aligned);
}

template <class T, int D, bool kEntropy>
int launch_forward(const hies_cuda_shape& shape, const hies_cuda_forward& given, cudaStream_t stream) {
  hies_cuda_forward arguments = given;
  if (arguments.out.data == nullptr) arguments.v = arguments.k;  // the kernel copies values even if it does not use them
  const bool aligned = rows_aligned<T>(shape, {arguments.q, arguments.k, arguments.v, arguments.out});
  return launch(tensor_forward_kernel<T, D, kEntropy>, query_grid(shape, TileConfig<T, D>::kQueries), kThreads,
                TileConfig<T, D>::kSharedBytes, stream, shape, arguments, aligned);
}

}  // namespace

int tensor_forward(const hies_cuda_shape& shape, const hies_cuda_forward& arguments, cudaStream_t stream) {
  return with_type_and_size<32, 64, 96, 128>(shape, [&](auto element, auto size) {
    using T = decltype(element);
    return arguments.entropy != nullptr ? launch_forward<T, size.value, true>(shape, arguments, stream)
                                        : launch_forward<T, size.value, false>(shape, arguments, stream);
  });
}

}  // namespace hies::cuda
