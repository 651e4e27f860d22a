#pragma once

#include "hies/kernels/simd/rows.h"
#include "hies/kernels/variant.h"

namespace hies::kernels {
namespace {

// Lanes are queries: N·M queries form a block, one query per lane. Rows of keys and values then enter products as scalars without
// being transposed, and the softmax of a row needs no sum across lanes.

// The bytes of a register of this instruction set, and its lanes.
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
constexpr std::int64_t kMaxLanes = 2 * kLanes<Real>;

constexpr std::int64_t kTileKeys = 128;  // keys of a tile

// Returns how many lanes the next block has if `left` queries are left: those of two registers, of one, or, for large registers,
// of a half.
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

// Calls visit(BlockShape) for a number of lanes that block_lanes returned.
template <class Real, class Visit>
HIES_INLINE void with_shape(std::int64_t lanes, const Visit& visit) {
  constexpr int full = kLanes<Real>;
  if (lanes == 2 * full) return visit(BlockShape<full, 2>());
  if (lanes == full) return visit(BlockShape<full, 1>());
  if constexpr (full > 2) visit(BlockShape<full / 2, 1>());
}

// The tokens of one sequence in a batch.
struct Sequence {
  std::int64_t query0, queries, key0, keys;  // first query token and number of queries; the same of keys
};
inline Sequence sequence_of(const AttentionShape& shape, std::int64_t b) {
  return {shape.query_offsets[b], shape.query_offsets[b + 1] - shape.query_offsets[b], shape.key_offsets[b],
          shape.key_offsets[b + 1] - shape.key_offsets[b]};
}

// Divides one block of memory into arrays, each aligned to 64 bytes. Without memory it only measures how much is needed.
class Arena {
 public:
  explicit Arena(void* memory) : next_(static_cast<char*>(memory)) {}
  template <class T>
  T* take(std::int64_t count) {
    const std::size_t bytes = (static_cast<std::size_t>(count) * sizeof(T) + 63) / 64 * 64;
    T* array = next_ == nullptr ? nullptr : reinterpret_cast<T*>(next_ + used_);
    used_ += bytes;
    return array;
  }
  std::size_t used() const { return used_; }

 private:
  char* next_;
  std::size_t used_ = 0;
};

// The attention mask of a block: which keys the queries in its lanes attend to.
template <class Real>
struct Visibility {
  const AttentionShape& shape;
  Sequence sequence;
  std::int64_t first, last;  // the queries first … last−1 of the sequence form the block

  SeenKeys of(std::int64_t query) const {
    if (!shape.causal) return {0, sequence.keys};
    return seen_keys(shape, sequence.queries, sequence.keys, query);
  }
  // Returns the smallest range with all keys that some query attends to.
  SeenKeys range() const { return {of(first).first, of(last - 1).last}; }
  // Returns true if every query attends to all keys from … to−1.
  bool all(std::int64_t from, std::int64_t to) const {
    return !shape.causal || (of(last - 1).first <= from && to <= of(first).last);
  }

  // Sets values[j][lane] of the keys from … to−1 to `masked` where the lane's query does not attend to the key.
  template <int N, int M>
  void mask(Real* values, std::int64_t from, std::int64_t to, Real masked) const {
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
        V::store(at, (position >= begin) & (position < end) ? value : V::all(masked));
      }
    }
  }
};

}  // namespace
}  // namespace hies::kernels
