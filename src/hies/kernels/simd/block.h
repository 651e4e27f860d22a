#pragma once

#include "hies/kernels/simd/rows.h"
#include "hies/kernels/variant.h"

namespace hies::kernels {
namespace {

// Lanes are queries: a block of N·M queries is worked on at once, one query per lane. Rows of keys and values then enter products
// as scalars, straight from where they stand, and a row's softmax needs no sum across lanes.

// Lanes in a full register of this instruction set.
#if defined(__AVX512F__)
constexpr int kRegisterBytes = 64;
#elif defined(__AVX2__)
constexpr int kRegisterBytes = 32;
#else
constexpr int kRegisterBytes = 16;
#endif
template <class Real>
constexpr int kLanes = kRegisterBytes / sizeof(Real);

template <class Real>
constexpr std::int64_t kMostLanes = 2 * kLanes<Real>;

constexpr std::int64_t kTileKeys = 128;  // keys that a block meets at once

// How many lanes the next block of `left` queries has: two registers, one, or, where registers are large, half of one.
template <class Real>
constexpr std::int64_t block_lanes(std::int64_t left) {
  constexpr std::int64_t full = kLanes<Real>, half = full > 2 && kRegisterBytes > 16 ? full / 2 : full;
  if (left > full + half) return 2 * full;
  return left > half ? full : half;
}

template <int Lanes_, int Vectors>
struct BlockShape {
  static constexpr int kN = Lanes_, kM = Vectors, kL = Lanes_ * Vectors;
};

// Calls visit(BlockShape) for a number of lanes that block_lanes gave.
template <class Real, class Visit>
HIES_INLINE void with_shape(std::int64_t lanes, const Visit& visit) {
  constexpr int full = kLanes<Real>;
  if (lanes == 2 * full) return visit(BlockShape<full, 2>());
  if (lanes == full) return visit(BlockShape<full, 1>());
  if constexpr (full > 2) visit(BlockShape<full / 2, 1>());
}

// One sequence of a batch.
struct Sequence {
  std::int64_t query0, queries, key0, keys;  // first tokens and lengths
};
inline Sequence sequence_of(const AttentionShape& shape, std::int64_t b) {
  return {shape.query_offsets[b], shape.query_offsets[b + 1] - shape.query_offsets[b], shape.key_offsets[b],
          shape.key_offsets[b + 1] - shape.key_offsets[b]};
}

// Hands out pieces of one piece of memory. With no memory, it measures.
class Arena {
 public:
  explicit Arena(void* memory) : next_(static_cast<char*>(memory)) {}
  template <class T>
  T* take(std::int64_t count) {
    const std::size_t bytes = (static_cast<std::size_t>(count) * sizeof(T) + 63) / 64 * 64;
    T* piece = next_ == nullptr ? nullptr : reinterpret_cast<T*>(next_ + used_);
    used_ += bytes;
    return piece;
  }
  std::size_t used() const { return used_; }

 private:
  char* next_;
  std::size_t used_ = 0;
};

// Which keys of a tile the lanes of a block see.
template <class Real>
struct Visibility {
  const AttentionShape& shape;
  Sequence sequence;
  std::int64_t first, last;  // queries of the block

  SeenKeys of(std::int64_t query) const {
    if (!shape.causal) return {0, sequence.keys};
    return seen_keys(shape, sequence.queries, sequence.keys, query);
  }
  // Keys that some query sees.
  SeenKeys range() const { return {of(first).first, of(last - 1).last}; }
  // Every query sees all of the keys from … to−1.
  bool all(std::int64_t from, std::int64_t to) const {
    return !shape.causal || (of(last - 1).first <= from && to <= of(first).last);
  }

  // values[j][lane] of the keys from … to−1 becomes `hidden` where the lane's query does not see the key.
  template <int N, int M>
  void hide(Real* values, std::int64_t from, std::int64_t to, Real hidden) const {
    using V = Lanes<Real, N>;
    if (all(from, to)) return;
    for (int m = 0; m < M; ++m) {
      typename V::Vec begin{}, end{};
      for (int lane = 0; lane < N; ++lane) {
        const SeenKeys seen = of(first + m * N + lane);
        begin[lane] = static_cast<Real>(seen.first);
        end[lane] = static_cast<Real>(seen.last);
      }
      for (std::int64_t key = from; key < to; ++key) {
        Real* at = values + (key - from) * N * M + m * N;
        const typename V::Vec position = V::all(static_cast<Real>(key)), value = V::load(at);
        V::store(at, (position >= begin) & (position < end) ? value : V::all(hidden));
      }
    }
  }
};

}  // namespace
}  // namespace hies::kernels
