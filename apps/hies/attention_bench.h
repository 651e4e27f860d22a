#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// Attention of room `kernels` beside the same computation as a plain composition of torch's operations. Built only where Google
// Benchmark is there; the only part of the program that sees torch itself.
namespace hies::cli {

// Self-attention of `sequences` sequences, all of `tokens` tokens, in float32: about 2,048 tokens in all.
struct AttentionCase {
  static constexpr std::int64_t kHeads = 12;

  bool backward = false;
  std::int64_t tokens = 0, head_dim = 0;

  std::int64_t sequences() const;
  std::string name() const;  // "forward/tokens:128/head_dim:32"
  // Of the products that the pass cannot do without: 4·T²·D a head forward, 8·T²·D backward. The logits that the kernel
  // recomputes in the backward pass, because it keeps no T×T matrix, are not counted.
  double flops() const;
};

// Lengths 8 … 2,048, head sizes 16 … 128, forward and backward.
std::vector<AttentionCase> attention_cases();

// One call, in seconds; largest error against float64, as a share of the largest value.
struct AttentionTiming {
  double seconds = 0, error = 0;
};
struct AttentionMeasurement {
  AttentionTiming kernel, torch;
};

// Checks the answer, then runs each side for at least `seconds` in all. Throws internal when the kernel's error is more than
// twice torch's and more than rounding explains.
AttentionMeasurement measure_attention(const AttentionCase& which, double seconds);

// Threads that both sides use.
int attention_threads();

}  // namespace hies::cli
