#pragma once

#include "hies/kernels/simd/block.h"
#include "hies/kernels/simd/multiply.h"
#include "hies/kernels/simd/softmax.h"

namespace hies::kernels {
namespace {

// FlashAttention-2's backward pass of one sequence and KV head. It computes probabilities again from the log-sum-exp, a block of
// queries and a tile of keys at a time. One thread adds everything to dk and dv, in one order.
template <class Real>
class BackwardPass {
 public:
  explicit BackwardPass(const BackwardItem& item)
      : item_(item),
        shape_(*item.shape),
        arguments_(*item.arguments),
        sequence_(sequence_of(shape_, item.sequence)),
        width_(padded(shape_.head_dim)),
        scale_(shape_.scale),
        gradients_(arguments_.dq.data != nullptr || arguments_.dk.data != nullptr || arguments_.dv.data != nullptr) {
    Arena measured(nullptr);  // measures how much memory is needed
    allocate(measured);
    Arena arena(scratch(measured.used()));
    allocate(arena);
  }

  void run() {
    const std::int64_t key_size = sequence_.keys * width_;
    if (gradients_) {
      read_rows(shape_, arguments_.k, sequence_.key0, item_.kv_head, sequence_.keys, keys_);
      read_rows(shape_, arguments_.v, sequence_.key0, item_.kv_head, sequence_.keys, values_);
      for (std::int64_t i = 0; i < key_size; ++i) dkeys_[i] = dvalues_[i] = 0;
    }
    for (head_ = 0; head_ < shape_.heads; ++head_) {
      if (shape_.kv_of_head[head_] != item_.kv_head) continue;
      const bool skip = arguments_.skip_head != nullptr && arguments_.skip_head[head_] != 0;
      for (first_ = 0; first_ < sequence_.queries; first_ += count_) {
        const std::int64_t left = sequence_.queries - first_, lanes = block_lanes<Real>(left);
        count_ = lanes < left ? lanes : left;
        if (skip) {
          write_skipped();
        } else {
          with_shape<Real>(lanes, [&](auto shape) { block(shape); });
        }
      }
    }
    if (arguments_.dk.data != nullptr) write_rows(shape_, arguments_.dk, sequence_.key0, item_.kv_head, sequence_.keys, dkeys_);
    if (arguments_.dv.data != nullptr) write_rows(shape_, arguments_.dv, sequence_.key0, item_.kv_head, sequence_.keys, dvalues_);
  }

 private:
  void allocate(Arena& arena) {
    const std::int64_t block_size = kMaxLanes<Real> * width_, tile_size = kTileKeys * kMaxLanes<Real>;
    for (Real** piece : {&q_rows_, &q_, &dout_rows_, &dout_, &dq_}) *piece = arena.take<Real>(block_size);
    for (Real** piece : {&powers_, &dlogits_}) *piece = arena.take<Real>(tile_size);
    for (Real** piece : {&inner_, &lse_}) *piece = arena.take<Real>(kMaxLanes<Real>);
    for (Real** piece : {&keys_, &values_, &dkeys_, &dvalues_})
      *piece = arena.take<Real>(gradients_ ? sequence_.keys * width_ : 0);
  }

  std::int64_t token() const { return sequence_.query0 + first_; }

  // Writes zeros for a block of a skipped head.
  void write_skipped() {
    for (std::int64_t i = 0; i < count_ * width_; ++i) dq_[i] = 0;
    if (arguments_.dq.data != nullptr) write_rows(shape_, arguments_.dq, token(), head_, count_, dq_);
    for (std::int64_t i = 0; i < count_; ++i) set_inner(i, 0);
  }

  void set_inner(std::int64_t query, Real value) {
    if (arguments_.head_inner != nullptr)
      static_cast<Real*>(arguments_.head_inner)[(token() + query) * shape_.heads + head_] = value;
  }

  // Reads the block's queries of a tensor twice, as rows and transposed into lanes. Lanes without a query become zero.
  template <int N, int M>
  void read_block(const Strided& view, Real* rows, Real* lanes) {
    read_rows(shape_, view, token(), head_, count_, rows);
    for (std::int64_t i = count_ * width_; i < N * M * width_; ++i) rows[i] = 0;
    to_lanes<Real, N, M>(rows, width_, lanes);
  }

  template <class Shape>
  void block(Shape shape) {
    constexpr int N = Shape::kN, M = Shape::kM, L = Shape::kL;
    using V = Lanes<Real, N>;
    read_block<N, M>(arguments_.out, dq_, q_);  // dq_ and q_ are not in use yet
    read_block<N, M>(arguments_.dout, dout_rows_, dout_);
    for (int m = 0; m < M; ++m) {
      typename V::Vec sum[4] = {};  // four partial sums, for smaller rounding errors
      for (std::int64_t d = 0; d < width_; ++d) sum[d % 4] += V::load(dout_ + d * L + m * N) * V::load(q_ + d * L + m * N);
      V::store(inner_ + m * N, (sum[0] + sum[1]) + (sum[2] + sum[3]));
    }
    for (std::int64_t i = 0; i < count_; ++i) set_inner(i, inner_[i]);
    if (!gradients_) return;

    read_block<N, M>(arguments_.q, q_rows_, q_);
    for (std::int64_t i = 0; i < L * width_; ++i) q_[i] *= scale_.sign;
    for (int lane = 0; lane < L; ++lane) {
      // Also finite for a query that attends to no key: the weights of masked logits are then still 0.
      const bool attends = lane < count_ && visibility().of(first_ + lane).count() > 0;
      lse_[lane] = attends ? static_cast<const Real*>(arguments_.lse)[(token() + lane) * shape_.heads + head_] : Real(0);
    }
    for (std::int64_t i = 0; i < L * width_; ++i) dq_[i] = 0;
    const SeenKeys range = visibility().range();
    for (std::int64_t from = range.first; from < range.last; from += kTileKeys)
      tile(shape, from, from + kTileKeys < range.last ? from + kTileKeys : range.last, range.count() <= kTileKeys);
    if (arguments_.dq.data == nullptr) return;
    from_lanes<Real, N, M>(dq_, width_, q_rows_);
    write_rows(shape_, arguments_.dq, token(), head_, count_, q_rows_);
  }

  Visibility<Real> visibility() const { return {shape_, sequence_, first_, first_ + count_}; }

  template <class Shape>
  void tile(Shape shape, std::int64_t from, std::int64_t to, bool whole) {
    constexpr int N = Shape::kN, M = Shape::kM, L = Shape::kL;
    const std::int64_t D = shape_.head_dim, at = from * width_;
    multiply<Real, N, M, Rows::by_j>(q_, L, keys_ + at, width_, powers_, L, to - from, D, false);
    if (arguments_.dq.data != nullptr || arguments_.dk.data != nullptr)
      multiply<Real, N, M, Rows::by_j>(dout_, L, values_ + at, width_, dlogits_, L, to - from, D, false);
    differentiate(shape, from, to, whole);
    if (arguments_.dv.data != nullptr) add_outer(powers_, L, dout_rows_, dvalues_ + at, to - from);
    if (arguments_.dk.data != nullptr) add_outer(dlogits_, L, q_rows_, dkeys_ + at, to - from);
    if (arguments_.dq.data != nullptr)
      multiply<Real, N, M, Rows::by_i>(dlogits_, L, keys_ + at, width_, dq_, L, D, to - from, true);
  }

  // Replaces the products q·k in powers_ by probabilities, and ⟨dout, v⟩ in dlogits_ by gradients of the products. If the tile is
  // the `whole` row, its softmax is computed again, which avoids the rounding of the log-sum-exp.
  template <class Shape>
  void differentiate(Shape, std::int64_t from, std::int64_t to, bool whole) {
    constexpr int N = Shape::kN, M = Shape::kM, L = Shape::kL;
    using V = Lanes<Real, N>;
    using Vec = typename V::Vec;
    visibility().template mask<N, M>(powers_, from, to, kMasked<Real>);
    for (int m = 0; m < M; ++m) {
      const Column<Real, N> column{powers_ + m * N, L, to - from};
      Vec inner = V::load(inner_ + m * N), inverse = V::all(1);
      if (whole) {
        Vec sum, shifted, correction{};
        column.exponentials(column.maximum(V::all(kNoMaximum<Real>)), scale_, sum, shifted);
        for (std::int64_t key = 0; key < to - from; ++key)
          correction += V::load(column.first + key * L) * (V::load(dlogits_ + key * L + m * N) - inner);
        inverse = sum > 0 ? 1 / sum : Vec{};
        inner += correction * inverse;
      } else {
        column.probabilities(V::load(lse_ + m * N), scale_);
      }
      for (std::int64_t key = 0; key < to - from; ++key) {
        Real *power = column.first + key * L, *dlogit = dlogits_ + key * L + m * N;
        const Vec p = V::load(power) * inverse;
        V::store(power, p);
        V::store(dlogit, p * (V::load(dlogit) - inner) * static_cast<Real>(shape_.scale));
      }
    }
  }

  // sums[key] += Σ_query weights[key][query]·rows[query]. Here lanes are elements of a row.
  void add_outer(const Real* weights, std::int64_t lanes, const Real* rows, Real* sums, std::int64_t keys) {
    constexpr int N = kLanes<Real>;
    std::int64_t d = 0;
    for (; d + 2 * N <= width_; d += 2 * N)
      multiply<Real, N, 2, Rows::by_j>(rows + d, width_, weights, lanes, sums + d, width_, keys, count_, true);
    for (; d < width_; d += N)
      multiply<Real, N, 1, Rows::by_j>(rows + d, width_, weights, lanes, sums + d, width_, keys, count_, true);
  }

  const BackwardItem& item_;
  const AttentionShape& shape_;
  const AttentionBackward& arguments_;
  Sequence sequence_;
  std::int64_t width_;
  LogitScale<Real> scale_;
  bool gradients_;
  std::int64_t head_ = 0, first_ = 0,
               count_ = 0;  // the current head, and the first query of the current block in the sequence and their number
  Real *q_rows_, *q_, *dout_rows_, *dout_, *dq_;  // *_rows_: [lanes, width]; others: [width, lanes]
  Real *powers_, *dlogits_;                       // [kTileKeys, lanes]
  Real *inner_, *lse_;                            // [lanes]
  Real *keys_, *values_, *dkeys_, *dvalues_;      // [S, width]
};

}  // namespace
}  // namespace hies::kernels
