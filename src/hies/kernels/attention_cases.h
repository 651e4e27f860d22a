#pragma once

#include <cstdint>
#include <vector>

#include "hies/kernels/attention.h"
#include "hies/kernels/attention_formats.h"

// What the tests of attention share: a problem with its numbers, and several implementations that solve it.
namespace hies::kernels::cases {

// One attention over packed sequences. Values are stored as float64, but are representable in `format`.
struct Problem {
  std::vector<std::int64_t> query_offsets, key_offsets;  // [B+1]
  std::int64_t heads = 0, kv_heads = 0, head_dim = 0;
  std::vector<std::int32_t> kv_of_head;  // [H]
  double scale = 1;
  bool causal = false;
  std::int64_t window = 0;
  Format format = Format::float32;
  std::vector<std::uint8_t> skip_head;  // [H] or empty
  std::vector<double> q, k, v, dout;    // [Tq,H,D], [Tk,K,D], [Tk,K,D], [Tq,H,D]

  std::int64_t sequences() const { return static_cast<std::int64_t>(query_offsets.size()) - 1; }
  std::int64_t query_tokens() const { return query_offsets.back(); }
  std::int64_t key_tokens() const { return key_offsets.back(); }
  bool skips(std::int64_t head) const { return !skip_head.empty() && skip_head[static_cast<std::size_t>(head)] != 0; }
  AttentionShape shape() const;
};

// The lengths of a sequence: T queries, S keys.
struct Lengths {
  std::int64_t queries, keys;
};

// Returns a problem with standard normal values and logits of about ±`sharpness`.
Problem random_problem(const std::vector<Lengths>& lengths, std::int64_t heads, std::int64_t kv_heads, std::int64_t head_dim,
                       Format format, std::uint64_t seed, double sharpness = 1);

// Returns the problem of the sequences first … last−1 alone.
Problem part(const Problem& problem, std::int64_t first, std::int64_t last);

struct Solution {
  std::vector<double> out, lse, entropy;      // [Tq,H,D], [Tq,H], [B,H]
  std::vector<double> dq, dk, dv, inner;      // [Tq,H,D], [Tk,K,D], [Tk,K,D], [Tq,H]
  std::vector<std::int64_t> entropy_queries;  // [B]
};

// The tensors of a solution that every test compares, with their names.
struct Table {
  const char* name;
  std::vector<double> Solution::*values;
};
inline constexpr Table kTables[] = {{"out", &Solution::out},    {"lse", &Solution::lse}, {"entropy", &Solution::entropy},
                                    {"dq", &Solution::dq},      {"dk", &Solution::dk},   {"dv", &Solution::dv},
                                    {"inner", &Solution::inner}};

// Returns the largest finite |value|.
double largest(const std::vector<double>& values);
// Returns the largest difference; infinity if one of two values is not finite and they differ, or the sizes differ.
double difference(const std::vector<double>& a, const std::vector<double>& b);

// Solves a problem by a naive implementation: with all intermediates in float64, or, if `in_format`, as a composition of
// operations in the problem's format (formats of two bytes accumulate in float32 and round their results).
Solution textbook(const Problem& problem, bool in_format);

// Solves it with the CPU kernels. If `fused`, q, k and v share one buffer of rows, and so do their gradients.
Solution through_kernels(const Problem& problem, bool fused = false);
// Solves it with the CUDA kernels (cuda/attention_cases_gpu.cpp). If `fused`, rows are `gap` elements longer than needed.
Solution on_gpu(const Problem& problem, bool fused = false, std::int64_t gap = 0);

}  // namespace hies::kernels::cases
