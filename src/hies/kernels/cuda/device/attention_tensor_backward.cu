#include "hies/kernels/cuda/device/launch.cuh"
#include "hies/kernels/cuda/device/products.cuh"

// The backward pass on tensor cores, in two kernels without atomic additions, so that its results are the same in every run:
// one block sums dK and dV of a tile of keys over all queries that see them, one block dQ of a tile of queries over its keys. Both
// compute p = e^(s−lse) and dS = p·(dO·V − D_t)·scale anew (Dao 2023, FlashAttention-2, with D_t = ⟨dO, O⟩).
namespace hies::cuda {
namespace {

constexpr int kWarps = 4, kThreads = 32 * kWarps;

// The size of a block's work: rows that stay, kBlocks × 16 of a warp; rows of the tiles that pass by, how many such tiles are there at
// a time, and how many blocks share a multiprocessor. float32 takes twice the registers and shared memory.
template <class T, int D, int kBlocks>
struct Work {
  static constexpr bool kShort = sizeof(T) == 2;
  static constexpr int kRows = 16 * kBlocks * kWarps, kTile = kShort ? 64 : 32;
  static constexpr int kSlots = kShort || D <= 64 ? 2 : 1, kResident = D <= 64 && kBlocks == 1 ? 3 : 2;
  static constexpr int kStaying = kRows * kRowStride<T, D>, kPassing = kTile * kRowStride<T, D>;
  static constexpr std::size_t kSharedBytes =
      (2 * kStaying + 2 * kSlots * kPassing) * sizeof(T) + 2 * (kRows > kSlots * kTile ? kRows : kSlots * kTile) * sizeof(float);
};

// Starts copying ln Σ and D_t of `count` queries. Others get zeros, as their rows do, which makes their products vanish.
__device__ inline void copy_statistics(float* lse, float* inner, const hies_cuda_shape& shape,
                                       const hies_cuda_backward& arguments, long long first, int count, int rows, int head) {
  for (int i = threadIdx.x; i < rows; i += kThreads) {
    const bool there = i < count;
    const long long place = (first + (there ? i : 0)) * shape.heads + head;
    copy4(lse + i, arguments.lse + place, there);
    copy4(inner + i, arguments.head_inner + place, there);
  }
}

// One block: kRows keys of one KV head of one sequence. Logits stand on their side: rows are keys.
template <class T, int D, int kBlocks>
__global__ void __launch_bounds__(kThreads, Work<T, D, kBlocks>::kResident)
    tensor_backward_keys(hies_cuda_shape shape, hies_cuda_backward arguments, bool aligned) {
  using W = Work<T, D, kBlocks>;
  constexpr int kRows = W::kRows, kTile = W::kTile, kSlots = W::kSlots;
  const int kv = blockIdx.y, b = blockIdx.z, start = blockIdx.x * kRows;
  const Sequence sequence(shape, b);
  if (start >= sequence.keys) return;
  const int count = min(kRows, sequence.keys - start), row = threadIdx.x / 32 * 16 * kBlocks;
  const int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
  const Mask mask(shape, sequence);

  extern __shared__ float4 memory[];
  T* keys = reinterpret_cast<T*>(memory);
  T *values = keys + W::kStaying, *queries = values + W::kStaying, *douts = queries + kSlots * W::kPassing;
  float* lse = reinterpret_cast<float*>(douts + kSlots * W::kPassing);
  float* inner = lse + kSlots * kTile;

  const int begin = mask.first_query(start) / kTile * kTile, end = mask.end_query(start + count - 1, sequence.queries);
  const int tiles = end > begin ? (end - begin + kTile - 1) / kTile : 0;
  copy_tile<T, D, kRows, kThreads>(keys, arguments.k, sequence.first_key + start, count, kv, shape.head_dim, aligned);
  copy_tile<T, D, kRows, kThreads>(values, arguments.v, sequence.first_key + start, count, kv, shape.head_dim, aligned);
  const auto copy_queries = [&](int head, int tile, int slot) {
    const int first = begin + tile * kTile, here = min(kTile, sequence.queries - first);
    const long long token = sequence.first_query + first;
    copy_tile<T, D, kTile, kThreads>(queries + slot * W::kPassing, arguments.q, token, here, head, shape.head_dim, aligned);
    copy_tile<T, D, kTile, kThreads>(douts + slot * W::kPassing, arguments.dout, token, here, head, shape.head_dim, aligned);
    copy_statistics(lse + slot * kTile, inner + slot * kTile, shape, arguments, token, here, kTile, head);
    commit_copies();
  };
  const auto next_head = [&](int head) {
    while (head < shape.heads && (shape.kv_of_head[head] != kv || skipped(shape, head))) ++head;
    return head;
  };

  float dk[kBlocks][D / 8][4] = {}, dv[kBlocks][D / 8][4] = {};
  const float scale = shape.scale * kLog2E;
  int head = next_head(0), tile = 0, slot = 0;
  if (tiles > 0 && head < shape.heads) copy_queries(head, 0, 0);
  while (tiles > 0 && head < shape.heads) {
    const int following = tile + 1 < tiles ? head : next_head(head + 1), following_tile = tile + 1 < tiles ? tile + 1 : 0;
    wait_copies<0>();
    __syncthreads();
    if (kSlots == 2 && following < shape.heads) copy_queries(following, following_tile, 1 - slot);
    const T *q = queries + slot * W::kPassing, *dout = douts + slot * W::kPassing;
    const float *l = lse + slot * kTile, *inners = inner + slot * kTile;
    const int first = begin + tile * kTile;

    float p[kBlocks][kTile / 8][4], ds[kBlocks][kTile / 8][4];
    row_products<T, D>(p, LeftRows<T, D, kBlocks>{keys, row}, q);
    row_products<T, D>(ds, LeftRows<T, D, kBlocks>{values, row}, dout);
    const bool masked = start + kRows > mask.end_key(first) || start < mask.first_key(min(first + kTile, sequence.queries) - 1) ||
                        first + kTile > sequence.queries;
#pragma unroll
    for (int block = 0; block < kBlocks; ++block)
#pragma unroll
      for (int n = 0; n < kTile / 8; ++n)
#pragma unroll
        for (int i = 0; i < 4; ++i) {
          const int column = 8 * n + 2 * t + i % 2, query = first + column, key = start + row + 16 * block + g + i / 2 * 8;
          float value = exp2_fast(p[block][n][i] * scale - l[column] * kLog2E);
          if (masked && !(query < sequence.queries && key >= mask.first_key(query) && key < mask.end_key(query))) value = 0;
          p[block][n][i] = value;
          ds[block][n][i] = value * (ds[block][n][i] - inners[column]);
        }
    add_product<T, D>(dv, p, dout);
    add_product<T, D>(dk, ds, q);
    if (kSlots == 1) {
      __syncthreads();
      if (following < shape.heads) copy_queries(following, following_tile, 0);
    }
    head = following, tile = following_tile, slot = (slot + 1) % kSlots;
  }
  const long long token = sequence.first_key + start;
#pragma unroll
  for (int block = 0; block < kBlocks; ++block) {
    const int first = row + 16 * block;
    if (arguments.dk.data != nullptr)
      store_rows<T, D>(arguments.dk, token, first, count, kv, shape.head_dim, dk[block], shape.scale, shape.scale, aligned);
    if (arguments.dv.data != nullptr)
      store_rows<T, D>(arguments.dv, token, first, count, kv, shape.head_dim, dv[block], 1.f, 1.f, aligned);
  }
}

// One block: kRows queries of one head of one sequence.
template <class T, int D, int kBlocks>
__global__ void __launch_bounds__(kThreads, Work<T, D, kBlocks>::kResident)
    tensor_backward_queries(hies_cuda_shape shape, hies_cuda_backward arguments, bool aligned) {
  using W = Work<T, D, kBlocks>;
  constexpr int kRows = W::kRows, kTile = W::kTile, kSlots = W::kSlots;
  const int head = blockIdx.y, b = blockIdx.z;
  const int start = (gridDim.x - 1 - blockIdx.x) * kRows;
  const Sequence sequence(shape, b);
  if (start >= sequence.queries) return;
  const int count = min(kRows, sequence.queries - start), row = threadIdx.x / 32 * 16 * kBlocks;
  const int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
  const Mask mask(shape, sequence);
  const int kv = shape.kv_of_head[head];

  extern __shared__ float4 memory[];
  T* queries = reinterpret_cast<T*>(memory);
  T *douts = queries + W::kStaying, *keys = douts + W::kStaying, *values = keys + kSlots * W::kPassing;
  float* lse = reinterpret_cast<float*>(values + kSlots * W::kPassing);
  float* inner = lse + kRows;

  const int begin = mask.first_key(start) / kTile * kTile, end = skipped(shape, head) ? 0 : mask.end_key(start + count - 1);
  const int tiles = end > begin ? (end - begin + kTile - 1) / kTile : 0;
  const long long token = sequence.first_query + start;
  const auto copy_keys = [&](int tile) {
    const int first = begin + tile * kTile, here = min(kTile, sequence.keys - first), slot = tile % kSlots;
    const long long key = sequence.first_key + first;
    copy_tile<T, D, kTile, kThreads>(keys + slot * W::kPassing, arguments.k, key, here, kv, shape.head_dim, aligned);
    copy_tile<T, D, kTile, kThreads>(values + slot * W::kPassing, arguments.v, key, here, kv, shape.head_dim, aligned);
    commit_copies();
  };
  if (tiles > 0) {
    copy_tile<T, D, kRows, kThreads>(queries, arguments.q, token, count, head, shape.head_dim, aligned);
    copy_tile<T, D, kRows, kThreads>(douts, arguments.dout, token, count, head, shape.head_dim, aligned);
    copy_statistics(lse, inner, shape, arguments, token, count, kRows, head);
    copy_keys(0);
  }
  float dq[kBlocks][D / 8][4] = {};
  const float scale = shape.scale * kLog2E;
  const int all_from = mask.first_key(start + count - 1), all_to = mask.end_key(start);
  for (int tile = 0; tile < tiles; ++tile) {
    const int first = begin + tile * kTile;
    wait_copies<0>();
    __syncthreads();
    if (kSlots == 2 && tile + 1 < tiles) copy_keys(tile + 1);
    const T *k = keys + tile % kSlots * W::kPassing, *v = values + tile % kSlots * W::kPassing;
    float p[kBlocks][kTile / 8][4], ds[kBlocks][kTile / 8][4];
    row_products<T, D>(p, LeftRows<T, D, kBlocks>{queries, row}, k);
    row_products<T, D>(ds, LeftRows<T, D, kBlocks>{douts, row}, v);
    const bool masked = first < all_from || first + kTile > all_to;
#pragma unroll
    for (int part = 0; part < 2 * kBlocks; ++part) {
      const int block = part / 2, half = part % 2, here = row + g + 8 * part, query = start + here;
      const int from = mask.first_key(query), to = mask.end_key(query);
      const float l = lse[here] * kLog2E, d = inner[here];
#pragma unroll
      for (int n = 0; n < kTile / 8; ++n)
#pragma unroll
        for (int i = 0; i < 2; ++i) {
          const int key = first + 8 * n + 2 * t + i;
          float value = exp2_fast(p[block][n][2 * half + i] * scale - l);
          if (masked && !(key >= from && key < to)) value = 0;
          ds[block][n][2 * half + i] = value * (ds[block][n][2 * half + i] - d);
        }
    }
    add_product<T, D>(dq, ds, k);
    if (kSlots == 1) {
      __syncthreads();
      if (tile + 1 < tiles) copy_keys(tile + 1);
    }
  }
#pragma unroll
  for (int block = 0; block < kBlocks; ++block)
    store_rows<T, D>(arguments.dq, token, row + 16 * block, count, head, shape.head_dim, dq[block], shape.scale, shape.scale,
                     aligned);
}

template <class T, int D, int kBlocks>
int run(const hies_cuda_shape& shape, const hies_cuda_backward& arguments, cudaStream_t stream) {
  using W = Work<T, D, kBlocks>;
  const bool aligned =
      rows_aligned<T>(shape, {arguments.q, arguments.k, arguments.v, arguments.dout, arguments.dq, arguments.dk, arguments.dv});
  if (arguments.dk.data != nullptr || arguments.dv.data != nullptr)
    if (const int error = launch(tensor_backward_keys<T, D, kBlocks>, key_grid(shape, W::kRows), kThreads, W::kSharedBytes,
                                 stream, shape, arguments, aligned))
      return error;
  if (arguments.dq.data == nullptr) return cudaSuccess;
  return launch(tensor_backward_queries<T, D, kBlocks>, query_grid(shape, W::kRows), kThreads, W::kSharedBytes, stream, shape,
                arguments, aligned);
}

// Where there are registers for twice the rows, what is read of a tile serves twice; short sequences make too few blocks for that.
constexpr int kLongTokens = 256;

template <class T, int D>
int run(const hies_cuda_shape& shape, const hies_cuda_backward& arguments, cudaStream_t stream) {
  if constexpr (sizeof(T) == 4 && D <= 64)
    if (shape.longest_queries >= kLongTokens) return run<T, D, 2>(shape, arguments, stream);
  return run<T, D, 1>(shape, arguments, stream);
}

}  // namespace

int tensor_backward(const hies_cuda_shape& shape, const hies_cuda_backward& arguments, cudaStream_t stream) {
  return with_type_and_size<32, 64, 96, 128>(
      shape, [&](auto element, auto size) { return run<decltype(element), size.value>(shape, arguments, stream); });
}

}  // namespace hies::cuda
