#include "hies/kernels/cuda/device/launch.cuh"
#include "hies/kernels/cuda/device/products.cuh"

// The forward pass on tensor cores: a block holds kQueries queries of one head, four warps of kBlocks × 16 rows each, and walks over
// tiles of kKeys keys, the next of which is copied while one is used (Dao 2023, FlashAttention-2). The entropy is kept as PAPER §2
// says: beside l = Σ e^(s−m) the shifted sum t = Σ e^(s−m)(s−m), both rescaled when m grows.
namespace hies::cuda {
namespace {

constexpr int kWarps = 4, kThreads = 32 * kWarps;

// The size of a block's work. float32 takes twice the registers and shared memory. Where they leave room, queries stay in registers, or
// a third block shares the multiprocessor.
template <class T, int D>
struct Work {
  static constexpr bool kShort = sizeof(T) == 2, kKeepQueries = kShort ? D <= 64 : D > 64;
  static constexpr int kBlocks = kShort || D <= 64 ? 2 : 1, kQueries = 16 * kBlocks * kWarps;
  static constexpr int kResident = !kShort && D <= 64 ? 3 : 2;
  static constexpr int kKeys = kShort ? 64 : 32, kTileElements = kKeys * kRowStride<T, D>;
  static constexpr std::size_t kSharedBytes = (kQueries * kRowStride<T, D> + 4 * kTileElements) * sizeof(T);
};

// Of the two rows (g, g+8) of each block: largest logit, sums.
template <int kBlocks>
struct RowState {
  float most[kBlocks][2], total[kBlocks][2], shifted[kBlocks][2];
};

template <bool kMasked>
__device__ bool visible(int key, int from, int to) {
  return !kMasked || (key >= from && key < to);
}

// Turns logits into weights e^(s−m), in base 2, and rescales what was summed up before.
template <bool kEntropy, bool kMasked, int kBlocks, int N, int kColumns>
__device__ void soften(float (&logits)[kBlocks][N][4], float (&sums)[kBlocks][kColumns][4], RowState<kBlocks>& state, float scale,
                       const Mask& mask, int first_row, int first_key) {
  const int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
#pragma unroll
  for (int block = 0; block < kBlocks; ++block)
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int query = first_row + 16 * block + 8 * half + g;
      const int from = kMasked ? mask.first_key(query) : 0, to = kMasked ? mask.end_key(query) : 0;
      float largest = -INFINITY;
#pragma unroll
      for (int n = 0; n < N; ++n)
#pragma unroll
        for (int i = 0; i < 2; ++i) {
          float& logit = logits[block][n][2 * half + i];
          if (!visible<kMasked>(first_key + 8 * n + 2 * t + i, from, to)) logit = -INFINITY;
          largest = fmaxf(largest, logit);
        }
      float& most = state.most[block][half];
      // Logits are scaled where they are used: by a factor above 0, so that the largest stays the largest.
      const float now = fmaxf(most, quad_max(largest) * scale), safe = now == -INFINITY ? 0.f : now;
      const float down = most - safe, factor = exp2_fast(down);
      float sum = 0, turned = 0;
#pragma unroll
      for (int n = 0; n < N; ++n)
#pragma unroll
        for (int i = 0; i < 2; ++i) {
          float& logit = logits[block][n][2 * half + i];
          const float below = fmaf(logit, scale, -safe);
          logit = exp2_fast(below);
          sum += logit;
          // −∞·0 where nothing is seen; a finite distance below which the weight is 0 gives the same.
          if (kEntropy) turned += logit * (kMasked ? fmaxf(below, -200.f) : below);
        }
      float &total = state.total[block][half], &shifted = state.shifted[block][half];
      // Sums stay apart in the four lanes until the end: factors are the same in all.
      if (kEntropy) shifted = factor * (shifted + fmaxf(down, -200.f) * total) + turned;
      total = factor * total + sum;
      most = now;
#pragma unroll
      for (int n = 0; n < kColumns; ++n) {
        sums[block][n][2 * half] *= factor;
        sums[block][n][2 * half + 1] *= factor;
      }
    }
}

template <class T, int D, bool kEntropy>
__global__ void __launch_bounds__(kThreads, Work<T, D>::kResident)
    tensor_forward_kernel(hies_cuda_shape shape, hies_cuda_forward arguments, bool aligned) {
  using W = Work<T, D>;
  constexpr int kQueries = W::kQueries, kKeys = W::kKeys, kBlocks = W::kBlocks;
  const int head = blockIdx.y, b = blockIdx.z;
  const int start = (gridDim.x - 1 - blockIdx.x) * kQueries;  // causal: those that see most come first
  const Sequence sequence(shape, b);
  if (start >= sequence.queries) return;
  const int count = min(kQueries, sequence.queries - start), row = threadIdx.x / 32 * 16 * kBlocks;
  const int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
  const bool left_out = skipped(shape, head);
  const Mask mask(shape, sequence);
  const int kv = shape.kv_of_head[head];
  const int begin = mask.first_key(start) / kKeys * kKeys, end = left_out ? 0 : mask.end_key(start + count - 1);
  const int tiles = end > begin ? (end - begin + kKeys - 1) / kKeys : 0;

  extern __shared__ float4 memory[];
  T* queries = reinterpret_cast<T*>(memory);
  T* keys = queries + kQueries * kRowStride<T, D>;  // two tiles
  T* values = keys + 2 * W::kTileElements;          // two tiles
  const auto copy_keys = [&](int tile) {
    const int first = begin + tile * kKeys, here = min(kKeys, sequence.keys - first);
    const long long token = sequence.first_key + first;
    copy_tile<T, D, kKeys, kThreads>(keys + tile % 2 * W::kTileElements, arguments.k, token, here, kv, shape.head_dim, aligned);
    commit_copies();
    copy_tile<T, D, kKeys, kThreads>(values + tile % 2 * W::kTileElements, arguments.v, token, here, kv, shape.head_dim, aligned);
    commit_copies();
  };
  float sums[kBlocks][D / 8][4] = {};
  const LeftRows<T, D, kBlocks> rows{queries, row};
  KeptRows<T, W::kKeepQueries ? D : kDepth<T>, kBlocks> kept;
  RowState<kBlocks> state;
#pragma unroll
  for (int block = 0; block < kBlocks; ++block)
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      state.most[block][half] = -INFINITY;
      state.total[block][half] = state.shifted[block][half] = 0;
    }
  if (tiles > 0) {
    copy_tile<T, D, kQueries, kThreads>(queries, arguments.q, sequence.first_query + start, count, head, shape.head_dim, aligned);
    copy_keys(0);
  }
  const float scale = shape.scale * kLog2E;
  // Keys that every query of the block sees.
  const int all_from = mask.first_key(start + count - 1), all_to = mask.end_key(start);
  for (int tile = 0; tile < tiles; ++tile) {
    const int first = begin + tile * kKeys;
    wait_copies<1>();
    __syncthreads();
    // The tile before this one has been used by all: its place is free.
    if (tile + 1 < tiles) copy_keys(tile + 1);
    float logits[kBlocks][kKeys / 8][4];
    const T* here = keys + tile % 2 * W::kTileElements;
    if constexpr (W::kKeepQueries) {
      if (tile == 0) kept.keep(rows);
      row_products<T, D>(logits, kept, here);
    } else {
      row_products<T, D>(logits, rows, here);
    }
    const bool masked = first < all_from || first + kKeys > all_to;
    if (masked) soften<kEntropy, true>(logits, sums, state, scale, mask, start + row, first);
    else soften<kEntropy, false>(logits, sums, state, scale, mask, start + row, first);
    if (tile + 1 < tiles) wait_copies<2>();
    else wait_copies<0>();
    __syncthreads();
    // In TF32 the weights count in full, as they do in the backward pass: there dP − ⟨dO, O⟩ is a small difference.
    if (arguments.out.data != nullptr) add_product<T, D, sizeof(T) == 4>(sums, logits, values + tile % 2 * W::kTileElements);
  }
#pragma unroll
  for (int block = 0; block < kBlocks; ++block) {
    float share[2];
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int query = start + row + 16 * block + 8 * half + g;
      const float total = quad_sum(state.total[block][half]);
      share[half] = total > 0 ? 1 / total : 0.f;
      float shifted = 0;
      if (kEntropy) shifted = quad_sum(state.shifted[block][half]) * kLn2;
      if (t != 0 || query >= sequence.queries) continue;
      const long long place = static_cast<long long>(sequence.first_query + query) * shape.heads + head;
      if (arguments.lse != nullptr) arguments.lse[place] = total > 0 ? state.most[block][half] * kLn2 + logf(total) : -INFINITY;
      if (kEntropy)
        arguments.entropy[place] =
            left_out ? 0.f : normalised_entropy(total, shifted, mask.end_key(query) - mask.first_key(query));
    }
    if (arguments.out.data != nullptr)
      store_rows<T, D>(arguments.out, sequence.first_query + start, row + 16 * block, count, head, shape.head_dim, sums[block],
                       share[0], share[1], aligned);
  }
}

template <class T, int D, bool kEntropy>
int run(const hies_cuda_shape& shape, const hies_cuda_forward& given, cudaStream_t stream) {
  hies_cuda_forward arguments = given;
  if (arguments.out.data == nullptr) arguments.v = arguments.k;  // is copied, not used
  const bool aligned = rows_aligned<T>(shape, {arguments.q, arguments.k, arguments.v, arguments.out});
  return launch(tensor_forward_kernel<T, D, kEntropy>, query_grid(shape, Work<T, D>::kQueries), kThreads,
                Work<T, D>::kSharedBytes, stream, shape, arguments, aligned);
}

template <class T, int D>
int run(const hies_cuda_shape& shape, const hies_cuda_forward& arguments, cudaStream_t stream) {
  return arguments.entropy != nullptr ? run<T, D, true>(shape, arguments, stream) : run<T, D, false>(shape, arguments, stream);
}

}  // namespace

int tensor_forward(const hies_cuda_shape& shape, const hies_cuda_forward& arguments, cudaStream_t stream) {
  return with_type_and_size<32, 64, 96, 128>(
      shape, [&](auto element, auto size) { return run<decltype(element), size.value>(shape, arguments, stream); });
}

}  // namespace hies::cuda
