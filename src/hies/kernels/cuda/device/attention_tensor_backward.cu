#include "hies/kernels/cuda/device/attention.cuh"
#include "hies/kernels/cuda/device/attention_backward.cuh"
#include "hies/kernels/cuda/device/launch.cuh"

// The backward pass on tensor cores, in two kernels without atomic additions, so that results are the same bits in every run. A
// block of the first sums dK and dV of a tile of keys over all queries that attend to them; a block of the second sums dQ of a
// tile of queries over its keys. Both compute P and dS.
namespace hies::cuda {
namespace {

constexpr int kWarps = 4, kThreads = 32 * kWarps;

// Tile sizes of a block. It accumulates the gradients of its own kRows rows, kRowBlocks × 16 for each warp, which stay in shared
// memory, and loops over tiles of kTile other rows, of which kStages are in shared memory at a time. float32 needs twice the
// registers and shared memory of the 2-byte types.
template <class T, int D, int kRowBlocks>
struct TileConfig {
  static constexpr bool kTwoByte = sizeof(T) == 2;
  static constexpr int kRows = 16 * kRowBlocks * kWarps, kTile = kTwoByte ? 64 : 32;
  static constexpr int kStages = kTwoByte || D <= 64 ? 2 : 1, kBlocksPerSm = D <= 64 && kRowBlocks == 1 ? 3 : 2;
  static constexpr int kOwnElements = kRows * kRowStride<T, D>, kStageElements = kTile * kRowStride<T, D>;
  static constexpr int kStatistics = kRows > kStages* kTile ? kRows : kStages* kTile;  // of the queries, whichever rows they are
  static constexpr std::size_t kSharedBytes =
      (2 * kOwnElements + 2 * kStages * kStageElements) * sizeof(T) + 2 * kStatistics * sizeof(float);
};

// The shared memory of a block: two tensors [kRows][D] of its own rows, two tensors [kTile][D] per stage, and lse and D_t of
// queries.
template <class T, int D, int kRowBlocks>
struct SharedTiles {
  using Config = TileConfig<T, D, kRowBlocks>;
  T *own0, *own1, *stages0, *stages1;
  float *lse, *inner;
  // Splits `memory`; of `statistics` queries lse and D_t are kept.
  __device__ SharedTiles(float4* memory, int statistics)
      : own0(reinterpret_cast<T*>(memory)),
        own1(own0 + Config::kOwnElements),
        stages0(own1 + Config::kOwnElements),
        stages1(stages0 + Config::kStages * Config::kStageElements),
        lse(reinterpret_cast<float*>(stages1 + Config::kStages * Config::kStageElements)),
        inner(lse + statistics) {}
  __device__ T* stage0(int stage) const { return stages0 + stage * Config::kStageElements; }
  __device__ T* stage1(int stage) const { return stages1 + stage * Config::kStageElements; }
};

// Returns the first query head from `head` on that reads a KV head and is not skipped; shape.heads if there is none.
__device__ inline int next_head(const hies_cuda_shape& shape, int kv, int head) {
  while (head < shape.heads && (shape.kv_of_head[head] != kv || is_skipped(shape, head))) ++head;
  return head;
}

// Stores dK and dV of a warp's rows, from `row` on in the block, whose first row is the key `token` of the batch.
template <class T, int D, int kRowBlocks>
__device__ void store_key_gradients(const hies_cuda_shape& shape, const hies_cuda_backward& arguments,
                                    const float (&dk)[kRowBlocks][D / 8][4], const float (&dv)[kRowBlocks][D / 8][4],
                                    long long token, int row, int count, int kv, bool aligned) {
#pragma unroll
  for (int block = 0; block < kRowBlocks; ++block) {
    const int first = row + 16 * block;
    if (arguments.dk.data != nullptr)
      store_rows<T, D>(arguments.dk, token, first, count, kv, shape.head_dim, dk[block], shape.scale, shape.scale, aligned);
    if (arguments.dv.data != nullptr)
      store_rows<T, D>(arguments.dv, token, first, count, kv, shape.head_dim, dv[block], 1.f, 1.f, aligned);
  }
}

// One block: kRows keys of one KV head of one sequence. Products are transposed: their rows are keys.
template <class T, int D, int kRowBlocks>
__global__ void __launch_bounds__(kThreads, TileConfig<T, D, kRowBlocks>::kBlocksPerSm)
    tensor_backward_keys(hies_cuda_shape shape, hies_cuda_backward arguments, bool aligned) {
  using Config = TileConfig<T, D, kRowBlocks>;
  constexpr int kRows = Config::kRows, kTile = Config::kTile, kStages = Config::kStages;
  const int kv = blockIdx.y, b = blockIdx.z, start = blockIdx.x * kRows;
  const Sequence sequence(shape, b);
  if (start >= sequence.keys) return;
  const int count = min(kRows, sequence.keys - start), row = threadIdx.x / 32 * 16 * kRowBlocks;
  const LanePosition lane;
  const Mask mask(shape, sequence);
  extern __shared__ float4 memory[];
  const SharedTiles<T, D, kRowBlocks> shared(memory, kStages * kTile);
  T *const keys = shared.own0, *const values = shared.own1;

  const int begin = mask.first_query(start) / kTile * kTile, end = mask.end_query(start + count - 1, sequence.queries);
  const int tiles = end > begin ? (end - begin + kTile - 1) / kTile : 0;
  copy_tile<T, D, kRows, kThreads>(keys, arguments.k, sequence.first_key + start, count, kv, shape.head_dim, aligned);
  copy_tile<T, D, kRows, kThreads>(values, arguments.v, sequence.first_key + start, count, kv, shape.head_dim, aligned);
  const auto prefetch = [&](int head, int tile, int stage) {
    const int first = begin + tile * kTile, queries = min(kTile, sequence.queries - first);
    const long long query = sequence.first_query + first;
    copy_tile<T, D, kTile, kThreads>(shared.stage0(stage), arguments.q, query, queries, head, shape.head_dim, aligned);
    copy_tile<T, D, kTile, kThreads>(shared.stage1(stage), arguments.dout, query, queries, head, shape.head_dim, aligned);
    copy_statistics<kTile, kThreads>(shared.lse + stage * kTile, shared.inner + stage * kTile, shape, arguments, query, queries,
                                     head);
    commit_copies();
  };

  float dk[kRowBlocks][D / 8][4] = {}, dv[kRowBlocks][D / 8][4] = {};
  const float scale = shape.scale * kLog2E;
  int head = next_head(shape, kv, 0), tile = 0, stage = 0;
  if (tiles > 0 && head < shape.heads) prefetch(head, 0, 0);
  while (tiles > 0 && head < shape.heads) {
    const int following = tile + 1 < tiles ? head : next_head(shape, kv, head + 1),
              following_tile = tile + 1 < tiles ? tile + 1 : 0;
    wait_copies<0>();
    __syncthreads();
    if (kStages == 2 && following < shape.heads) prefetch(following, following_tile, 1 - stage);
    const T *q = shared.stage0(stage), *dout = shared.stage1(stage);
    const int first = begin + tile * kTile;
    float p[kRowBlocks][kTile / 8][4], ds[kRowBlocks][kTile / 8][4];
    multiply_transposed<T, D>(p, SharedRows<T, D, kRowBlocks>{keys, row}, q);
    multiply_transposed<T, D>(ds, SharedRows<T, D, kRowBlocks>{values, row}, dout);
    const bool masked = start + kRows > mask.end_key(first) || start < mask.first_key(min(first + kTile, sequence.queries) - 1) ||
                        first + kTile > sequence.queries;
    transposed_dlogits(p, ds, shared.lse + stage * kTile, shared.inner + stage * kTile, lane, scale, mask, masked, first,
                       start + row, sequence.queries, [](int, int) {});
    multiply_add<T, D>(dv, p, dout);
    multiply_add<T, D>(dk, ds, q);
    if (kStages == 1) {
      __syncthreads();
      if (following < shape.heads) prefetch(following, following_tile, 0);
    }
    head = following, tile = following_tile, stage = (stage + 1) % kStages;
  }
  store_key_gradients<T, D>(shape, arguments, dk, dv, sequence.first_key + start, row, count, kv, aligned);
}

// From p = Q·Kᵀ and ds = dO·Vᵀ of a warp's queries and a tile of keys: ds becomes dS. `row` is the warp's first row in the block,
// whose first query is `start`; `lse` and `inner` belong to the block's queries; `first` is the tile's first key.
template <int kRowBlocks, int N>
__device__ void dlogits(const float (&p)[kRowBlocks][N][4], float (&ds)[kRowBlocks][N][4], const float* lse, const float* inner,
                        LanePosition lane, float scale, const Mask& mask, bool masked, int start, int row, int first) {
#pragma unroll
  for (int part = 0; part < 2 * kRowBlocks; ++part) {
    const int block = part / 2, half = part % 2, own_row = row + lane.g + 8 * part, query = start + own_row;
    const int from = mask.first_key(query), to = mask.end_key(query);
    const float l = lse[own_row] * kLog2E, d = inner[own_row];
#pragma unroll
    for (int n = 0; n < N; ++n)
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        const int key = first + 8 * n + 2 * lane.t + i;
        float value = exp2_fast(p[block][n][2 * half + i] * scale - l);
        if (masked && !(key >= from && key < to)) value = 0;
        ds[block][n][2 * half + i] = value * (ds[block][n][2 * half + i] - d);
      }
  }
}

// One block: kRows queries of one head of one sequence.
template <class T, int D, int kRowBlocks>
__global__ void __launch_bounds__(kThreads, TileConfig<T, D, kRowBlocks>::kBlocksPerSm)
    tensor_backward_queries(hies_cuda_shape shape, hies_cuda_backward arguments, bool aligned) {
  using Config = TileConfig<T, D, kRowBlocks>;
  constexpr int kRows = Config::kRows, kTile = Config::kTile, kStages = Config::kStages;
  const int head = blockIdx.y, b = blockIdx.z;
  const int start = (gridDim.x - 1 - blockIdx.x) * kRows;  // with a causal mask the blocks with most keys are scheduled first
  const Sequence sequence(shape, b);
  if (start >= sequence.queries) return;
  const int count = min(kRows, sequence.queries - start), row = threadIdx.x / 32 * 16 * kRowBlocks;
  const LanePosition lane;
  const Mask mask(shape, sequence);
  const int kv = shape.kv_of_head[head];
  extern __shared__ float4 memory[];
  const SharedTiles<T, D, kRowBlocks> shared(memory, kRows);
  T *const queries = shared.own0, *const douts = shared.own1;

  const int begin = mask.first_key(start) / kTile * kTile, end = is_skipped(shape, head) ? 0 : mask.end_key(start + count - 1);
  const int tiles = end > begin ? (end - begin + kTile - 1) / kTile : 0;
  const long long token = sequence.first_query + start;
  const auto prefetch = [&](int tile) {
    const int first = begin + tile * kTile, keys = min(kTile, sequence.keys - first), stage = tile % kStages;
    const long long key = sequence.first_key + first;
    copy_tile<T, D, kTile, kThreads>(shared.stage0(stage), arguments.k, key, keys, kv, shape.head_dim, aligned);
    copy_tile<T, D, kTile, kThreads>(shared.stage1(stage), arguments.v, key, keys, kv, shape.head_dim, aligned);
    commit_copies();
  };
  if (tiles > 0) {
    copy_tile<T, D, kRows, kThreads>(queries, arguments.q, token, count, head, shape.head_dim, aligned);
    copy_tile<T, D, kRows, kThreads>(douts, arguments.dout, token, count, head, shape.head_dim, aligned);
    copy_statistics<kRows, kThreads>(shared.lse, shared.inner, shape, arguments, sequence.first_query + start, count, head);
    prefetch(0);
  }
  float dq[kRowBlocks][D / 8][4] = {};
  const float scale = shape.scale * kLog2E;
  // All queries of the block attend to the keys all_from … all_to−1.
  const int all_from = mask.first_key(start + count - 1), all_to = mask.end_key(start);
  for (int tile = 0; tile < tiles; ++tile) {
    const int first = begin + tile * kTile;
    wait_copies<0>();
    __syncthreads();
    if (kStages == 2 && tile + 1 < tiles) prefetch(tile + 1);
    const T *k = shared.stage0(tile % kStages), *v = shared.stage1(tile % kStages);
    float p[kRowBlocks][kTile / 8][4], ds[kRowBlocks][kTile / 8][4];
    multiply_transposed<T, D>(p, SharedRows<T, D, kRowBlocks>{queries, row}, k);
    multiply_transposed<T, D>(ds, SharedRows<T, D, kRowBlocks>{douts, row}, v);
    dlogits(p, ds, shared.lse, shared.inner, lane, scale, mask, first < all_from || first + kTile > all_to, start, row, first);
    multiply_add<T, D>(dq, ds, k);
    if (kStages == 1) {
      __syncthreads();
      if (tile + 1 < tiles) prefetch(tile + 1);
    }
  }
#pragma unroll
  for (int block = 0; block < kRowBlocks; ++block)
    store_rows<T, D>(arguments.dq, token, row + 16 * block, count, head, shape.head_dim, dq[block], shape.scale, shape.scale,
                     aligned);
}

template <class T, int D, int kRowBlocks>
int launch_backward(const hies_cuda_shape& shape, const hies_cuda_backward& arguments, cudaStream_t stream) {
  using Config = TileConfig<T, D, kRowBlocks>;
  const bool aligned = backward_aligned<T>(shape, arguments);
  if (arguments.dk.data != nullptr || arguments.dv.data != nullptr)
    if (const int error = launch(tensor_backward_keys<T, D, kRowBlocks>, key_grid(shape, Config::kRows), kThreads,
                                 Config::kSharedBytes, stream, shape, arguments, aligned))
      return error;
  if (arguments.dq.data == nullptr) return cudaSuccess;
  return launch(tensor_backward_queries<T, D, kRowBlocks>, query_grid(shape, Config::kRows), kThreads, Config::kSharedBytes,
                stream, shape, arguments, aligned);
}

// From this many queries on there are enough blocks to double their rows where registers suffice: each fragment that is loaded
// from a tile is then used twice.
constexpr int kLongTokens = 256;

}  // namespace

int tensor_backward(const hies_cuda_shape& shape, const hies_cuda_backward& arguments, cudaStream_t stream) {
  return with_type_and_size<32, 64, 96, 128>(shape, [&](auto element, auto size) {
    using T = decltype(element);
    if constexpr (sizeof(T) == 4 && size.value <= 64)
      if (shape.longest_queries >= kLongTokens) return launch_backward<T, size.value, 2>(shape, arguments, stream);
    return launch_backward<T, size.value, 1>(shape, arguments, stream);
  });
}

}  // namespace hies::cuda
