#pragma once

#include <cstddef>
#include <cstdint>

#include "hies/kernels/attention.h"
#include "hies/kernels/logits.h"

// How attention.cpp and logits.cpp, which run on any CPU, call the code under simd/, which is compiled once per instruction set.
namespace hies::kernels {

// A piece of a forward pass: up to kItemQueries queries of one sequence and query head.
inline constexpr std::int64_t kItemQueries = 128;
struct ForwardItem {
  const AttentionShape* shape = nullptr;
  const AttentionForward* arguments = nullptr;
  std::int64_t sequence = 0, head = 0;
  std::int64_t first = 0, count = 0;  // queries of the sequence
};

// A piece of a backward pass: one sequence and KV head with all the query heads that read it.
struct BackwardItem {
  const AttentionShape* shape = nullptr;
  const AttentionBackward* arguments = nullptr;
  std::int64_t sequence = 0, kv_head = 0;
};

// The code compiled for one instruction set. `forward` returns the sum of the item's normalised entropies.
struct Variant {
  const char* name = nullptr;
  bool (*supported)() = nullptr;                            // by this CPU
  double (*forward_float32)(const ForwardItem&) = nullptr;  // and bfloat16
  double (*forward_float64)(const ForwardItem&) = nullptr;
  void (*backward_float32)(const BackwardItem&) = nullptr;  // and bfloat16
  void (*backward_float64)(const BackwardItem&) = nullptr;
  // Of one row of `size` logits (logits.h).
  LogitSummary (*summarise_float32)(const void* row, std::int64_t size) = nullptr;
  LogitSummary (*summarise_float64)(const void* row, std::int64_t size) = nullptr;
  void (*softmax_float32)(void* row, std::int64_t size, const LogitSummary&, double share) = nullptr;
  void (*softmax_float64)(void* row, std::int64_t size, const LogitSummary&, double share) = nullptr;
};

// All variants that were compiled in, the fastest first; every processor supports the last one.
struct Variants {
  const Variant* const* begin_;
  std::size_t size;
  const Variant* const* begin() const { return begin_; }
  const Variant* const* end() const { return begin_ + size; }
};
Variants variants();

// Returns the variant in use: what a test chose, else what the environment variable HIES_CPU_VARIANT names, else the fastest one that
// this processor supports. Throws bad_input where the variable names no variant, unsupported where the processor cannot run it.
const Variant& variant();
// null: a test chooses no longer.
void use_variant(const Variant* chosen);

// Memory of the calling thread, at least `bytes`, 64-byte aligned, valid until the next call. Throws std::bad_alloc.
void* scratch(std::size_t bytes);

// The keys first … last−1 that a query sees, of a sequence with `queries` queries and `keys` keys.
struct SeenKeys {
  std::int64_t first, last;
  std::int64_t count() const { return last - first; }
};
SeenKeys seen_keys(const AttentionShape& shape, std::int64_t queries, std::int64_t keys, std::int64_t query);

}  // namespace hies::kernels
