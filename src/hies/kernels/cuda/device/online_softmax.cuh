#pragma once

#include "hies/kernels/cuda/device/lane_position.cuh"
#include "hies/kernels/cuda/device/sequence.cuh"

// The online softmax (Milakov and Gimelshein 2018; Dao 2023, FlashAttention-2) with the sum that the entropy needs. For a row of
// logits s it keeps the row maximum m, the row sum l = Σ e^(s−m), and the shifted sum Σ e^(s−m)·(s−m); when m grows, both sums
// are rescaled. The tensor-core kernels keep them in base 2 (logits times log2 e), four lanes share a row, and each lane sums its
// own columns only, because the rescaling factor is the same in all four.
namespace hies::cuda {

constexpr float kLog2E = 1.4426950408889634f, kLn2 = 0.6931471805599453f;

// Sum and maximum over the four lanes that share a row.
__device__ inline float quad_sum(float x) {
  x += __shfl_xor_sync(0xffffffffu, x, 1);
  return x + __shfl_xor_sync(0xffffffffu, x, 2);
}
__device__ inline float quad_max(float x) {
  x = fmaxf(x, __shfl_xor_sync(0xffffffffu, x, 1));
  return fmaxf(x, __shfl_xor_sync(0xffffffffu, x, 2));
}

// Returns 2^x by one instruction, with a relative error of about 2^-22.
__device__ inline float exp2_fast(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;\n" : "=f"(y) : "f"(x));
  return y;
}

// The entropy needs 2^x·x, which is −∞·0 for masked logits. A finite x for which 2^x is 0 gives the right product, 0.
constexpr float kZeroExponent = -200.f;

// The state of a row after some tiles of keys, in base 2.
struct OnlineSoftmax {
  float row_max = -INFINITY, row_sum = 0, shifted_sum = 0;

  // How the next tile changes the state: its weights are 2^(scaled logit − base), and earlier sums are multiplied by `factor`.
  struct Rescaling {
    float base, change, factor;
  };
  // Raises the row maximum to that of a tile. `tile_max` is the tile's largest scaled logit.
  __device__ Rescaling raise_max(float tile_max) {
    const float now = fmaxf(row_max, tile_max), base = now == -INFINITY ? 0.f : now;
    const float change = row_max - base;
    row_max = now;
    return {base, change, exp2_fast(change)};
  }
  // Adds the sums of the tile after `rescaling`.
  template <bool kEntropy>
  __device__ void add(const Rescaling& rescaling, float tile_sum, float tile_shifted_sum) {
    if (kEntropy)
      shifted_sum = rescaling.factor * (shifted_sum + fmaxf(rescaling.change, kZeroExponent) * row_sum) + tile_shifted_sum;
    row_sum = rescaling.factor * row_sum + tile_sum;
  }
};

// Replaces a logit by its weight 2^(logit·scale − base), and adds the weight to the tile's sums. Scaling here, after the maximum
// was taken, is exact enough because scale > 0 keeps the order of the logits.
template <bool kEntropy, bool kMasked>
__device__ void to_weight(float& logit, float scale, float base, float& tile_sum, float& tile_shifted_sum) {
  const float shifted = fmaf(logit, scale, -base);
  logit = exp2_fast(shifted);
  tile_sum += logit;
  if (kEntropy) tile_shifted_sum = fmaf(logit, kMasked ? fmaxf(shifted, kZeroExponent) : shifted, tile_shifted_sum);
}

// Returns H(p)/ln n of a row that attends to n = `keys` keys, from its row sum and its shifted sum in nats; 0 for n < 2.
__device__ inline float normalised_entropy(float row_sum, float shifted_sum, int keys) {
  if (keys < 2) return 0;
  return fmaxf(0.f, (logf(row_sum) - shifted_sum / row_sum) / logf(static_cast<float>(keys)));
}

// Stores the log-sum-exp and, if kEntropy, the entropy of one query and head where `arguments` has a place for them. Maximum and
// sums are those of the whole row, in nats.
template <bool kEntropy>
__device__ void store_statistics(const hies_cuda_forward& arguments, long long index, float row_max, float row_sum,
                                 float shifted_sum, int keys, bool skipped) {
  if (arguments.lse != nullptr) arguments.lse[index] = row_sum > 0 ? row_max + logf(row_sum) : -INFINITY;
  if (kEntropy && arguments.entropy != nullptr)
    arguments.entropy[index] = skipped ? 0.f : normalised_entropy(row_sum, shifted_sum, keys);
}

// Completes a row that four lanes share: stores its statistics and returns the factor 1/row_sum of its outputs, 0 if it attends
// to no key.
template <bool kEntropy>
__device__ float finish_row(const OnlineSoftmax& row, LanePosition lane, const hies_cuda_shape& shape,
                            const hies_cuda_forward& arguments, const Sequence& sequence, const Mask& mask, int query, int head,
                            bool skipped) {
  const float row_sum = quad_sum(row.row_sum);
  float shifted_sum = 0;
  if (kEntropy) shifted_sum = quad_sum(row.shifted_sum) * kLn2;
  if (lane.t == 0 && query < sequence.queries) {
    const long long index = static_cast<long long>(sequence.first_query + query) * shape.heads + head;
    store_statistics<kEntropy>(arguments, index, row.row_max * kLn2, row_sum, shifted_sum,
                               mask.end_key(query) - mask.first_key(query), skipped);
  }
  return row_sum > 0 ? 1 / row_sum : 0.f;
}

}  // namespace hies::cuda
