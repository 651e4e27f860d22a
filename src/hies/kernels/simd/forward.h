#pragma once

#include "hies/kernels/simd/block.h"
#include "hies/kernels/simd/multiply.h"
#include "hies/kernels/simd/softmax.h"

namespace hies::kernels {
namespace {

// The forward pass of the queries of one item: online softmax (Milakov and Gimelshein 2018; FlashAttention-2), a tile of keys at
// a time. For the entropy it also keeps the shifted sum Σ e^(s−m)·(s−m), where s−m is in units of ln 2.
template <class Real>
class ForwardPass {
 public:
  explicit ForwardPass(const ForwardItem& item)
      : item_(item),
        shape_(*item.shape),
        arguments_(*item.arguments),
        sequence_(sequence_of(shape_, item.sequence)),
        width_(padded(shape_.head_dim)),
        scale_(shape_.scale) {
    Arena measured(nullptr);  // measures how much memory is needed
    allocate(measured);
    Arena arena(scratch(measured.used()));
    allocate(arena);
  }

  double run() {
    for (std::int64_t i = 0; i < blocks_; ++i) with_shape<Real>(block_[i].lanes, [&](auto shape) { begin(shape, block_[i]); });
    const SeenKeys range = Visibility<Real>{shape_, sequence_, item_.first, item_.first + item_.count}.range();
    const std::int64_t kv = shape_.kv_of_head[item_.head];
    for (std::int64_t from = range.first; from < range.last; from += kTileKeys) {
      const std::int64_t to = from + kTileKeys < range.last ? from + kTileKeys : range.last;
      read_rows(shape_, arguments_.k, sequence_.key0 + from, kv, to - from, keys_);
      if (arguments_.out.data != nullptr) read_rows(shape_, arguments_.v, sequence_.key0 + from, kv, to - from, values_);
      for (std::int64_t i = 0; i < blocks_; ++i)
        with_shape<Real>(block_[i].lanes, [&](auto shape) { attend(shape, block_[i], from, to); });
    }
    double entropy = 0;
    for (std::int64_t i = 0; i < blocks_; ++i)
      with_shape<Real>(block_[i].lanes, [&](auto shape) { entropy += finish(shape, block_[i]); });
    return entropy;
  }

 private:
  struct Block {
    std::int64_t lanes, first, count;  // its queries are first … first+count−1 of the sequence
    Real *q, *out;                     // [width, lanes]
    Real *maximum, *sum, *shifted;     // [lanes]: row maximum m, row sum Σ e^(s−m), shifted sum
  };

  void allocate(Arena& arena) {
    blocks_ = 0;
    for (std::int64_t done = 0; done < item_.count;) {
      const std::int64_t left = item_.count - done, lanes = block_lanes<Real>(left);
      Block& block = block_[blocks_++];
      block = {lanes, item_.first + done, lanes < left ? lanes : left, nullptr, nullptr, nullptr, nullptr, nullptr};
      block.q = arena.take<Real>(width_ * lanes);
      block.out = arena.take<Real>(width_ * lanes);
      block.maximum = arena.take<Real>(lanes);
      block.sum = arena.take<Real>(lanes);
      block.shifted = arena.take<Real>(lanes);
      done += block.count;
    }
    keys_ = arena.take<Real>(kTileKeys * width_);
    values_ = arena.take<Real>(kTileKeys * width_);
    logits_ = arena.take<Real>(kTileKeys * kMaxLanes<Real>);
    rows_ = arena.take<Real>(width_ * kMaxLanes<Real>);
  }

  Visibility<Real> visibility(const Block& block) const { return {shape_, sequence_, block.first, block.first + block.count}; }

  // Reads the block's queries and resets its sums.
  template <class Shape>
  void begin(Shape, const Block& block) {
    constexpr int N = Shape::kN, M = Shape::kM, L = Shape::kL;
    read_rows(shape_, arguments_.q, sequence_.query0 + block.first, item_.head, block.count, rows_);
    for (std::int64_t i = 0; i < block.count * width_; ++i) rows_[i] *= scale_.sign;
    for (std::int64_t i = block.count * width_; i < L * width_; ++i) rows_[i] = 0;
    to_lanes<Real, N, M>(rows_, width_, block.q);
    for (std::int64_t i = 0; i < L * width_; ++i) block.out[i] = 0;
    for (int lane = 0; lane < L; ++lane) {
      block.maximum[lane] = kNoMaximum<Real>;
      block.sum[lane] = block.shifted[lane] = 0;
    }
  }

  // Adds one tile of keys, tile … tile_end−1, to the block's sums and outputs.
  template <class Shape>
  void attend(Shape shape, const Block& block, std::int64_t tile, std::int64_t tile_end) {
    constexpr int N = Shape::kN, M = Shape::kM, L = Shape::kL;
    const Visibility<Real> visible = visibility(block);
    const SeenKeys range = visible.range();
    const std::int64_t from = range.first > tile ? range.first : tile, to = range.last < tile_end ? range.last : tile_end;
    if (from >= to) return;
    const std::int64_t skipped = (from - tile) * width_;
    multiply<Real, N, M, Rows::by_j>(block.q, L, keys_ + skipped, width_, logits_, L, to - from, shape_.head_dim, false);
    visible.template mask<N, M>(logits_, from, to, kMasked<Real>);
    softmax(shape, block, to - from);
    if (arguments_.out.data == nullptr) return;
    multiply<Real, N, M, Rows::by_i>(logits_, L, values_ + skipped, width_, block.out, L, shape_.head_dim, to - from, true);
  }

  // Replaces logits by weights e^(s−m) and rescales the block's sums and outputs to the new row maxima.
  template <class Shape>
  void softmax(Shape, const Block& block, std::int64_t keys) {
    constexpr int N = Shape::kN, M = Shape::kM, L = Shape::kL;
    using V = Lanes<Real, N>;
    using Vec = typename V::Vec;
    for (int m = 0; m < M; ++m) {
      const Column<Real, N> column{logits_ + m * N, L, keys};
      const Vec before = V::load(block.maximum + m * N), maximum = column.maximum(before);
      Vec sum, shifted;
      column.exponentials(maximum, scale_, sum, shifted);
      // 2^−2000 is 0 like 2^−∞, but −2000 times the sums of the first tile, which are 0, is not NaN.
      const Vec shift = V::larger((before - maximum) * scale_.unit, V::all(-2000)), rescale = V::exp2(shift);
      const Vec old_sum = V::load(block.sum + m * N), old_shifted = V::load(block.shifted + m * N);
      V::store(block.maximum + m * N, maximum);
      V::store(block.sum + m * N, sum + old_sum * rescale);
      V::store(block.shifted + m * N, shifted + rescale * (old_shifted + old_sum * shift));
      bool rescaled = false;
      for (int lane = 0; lane < N; ++lane) rescaled |= rescale[lane] != 1;
      if (!rescaled || arguments_.out.data == nullptr) continue;
      for (std::int64_t d = 0; d < shape_.head_dim; ++d) {
        Real* out = block.out + d * L + m * N;
        V::store(out, V::load(out) * rescale);
      }
    }
  }

  // Writes the block's outputs and log-sum-exp. Returns the sum of its normalised entropies.
  template <class Shape>
  double finish(Shape, const Block& block) {
    constexpr int N = Shape::kN, M = Shape::kM, L = Shape::kL;
    using V = Lanes<Real, N>;
    using Vec = typename V::Vec;
    const Visibility<Real> visible = visibility(block);
    double entropy = 0;
    for (int m = 0; m < M; ++m) {
      Vec seen{};
      for (int lane = 0; lane < N; ++lane) seen[lane] = static_cast<Real>(visible.of(block.first + m * N + lane).count());
      const Vec sum = V::load(block.sum + m * N), log_sum = V::log(sum);
      const Vec lse = seen > 0 ? V::load(block.maximum + m * N) * scale_.factor + log_sum : V::all(-__builtin_inf());
      const Vec mean_shift = V::load(block.shifted + m * N) / sum;  // in units of ln 2
      const Vec inverse = seen > 0 ? 1 / sum : Vec{};
      for (std::int64_t d = 0; d < shape_.head_dim; ++d) {
        Real* out = block.out + d * L + m * N;
        V::store(out, V::load(out) * inverse);
      }
      for (int lane = 0; lane < N && m * N + lane < block.count; ++lane) {
        const std::int64_t token = sequence_.query0 + block.first + m * N + lane;
        if (arguments_.lse != nullptr) static_cast<Real*>(arguments_.lse)[token * shape_.heads + item_.head] = lse[lane];
        if (seen[lane] > 1) entropy += normalised(log_sum[lane] - mean_shift[lane] * kLn2, seen[lane]);
      }
    }
    if (arguments_.out.data != nullptr) {
      from_lanes<Real, N, M>(block.out, width_, rows_);
      write_rows(shape_, arguments_.out, sequence_.query0 + block.first, item_.head, block.count, rows_);
    }
    return entropy;
  }

  // Returns entropy / ln(keys), clamped to 0 … 1. Most rows have the same number of keys, so the last logarithm is kept.
  double normalised(double entropy, double keys) {
    if (keys != log_of_) {
      log_of_ = keys;
      log_ = __builtin_log(keys);
    }
    const double quotient = entropy / log_;
    return quotient < 0 ? 0 : quotient > 1 ? 1 : quotient;
  }

  const ForwardItem& item_;
  const AttentionShape& shape_;
  const AttentionForward& arguments_;
  Sequence sequence_;
  std::int64_t width_;
  LogitScale<Real> scale_;
  double log_of_ = 0, log_ = 0;
  Block block_[kItemQueries / kLanes<Real> + 2];
  std::int64_t blocks_ = 0;
  Real *keys_, *values_;  // [kTileKeys, width]
  Real* logits_;          // [kTileKeys, lanes]
  Real* rows_;            // [lanes, width]
};

}  // namespace
}  // namespace hies::kernels
