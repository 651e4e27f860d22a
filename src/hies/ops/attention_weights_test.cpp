#include "hies/ops/attention_weights.h"

#include <array>
#include <cmath>

#include <gtest/gtest.h>

namespace hies::ops {
namespace {

constexpr int kHeads = 4, kKvHeads = 2, kDim = 3;
constexpr std::array<std::int64_t, 3> kOffsets = {0, 4, 6};  // two sequences
constexpr std::array<std::int32_t, kHeads> kKvOfHead = {0, 0, 1, 1};

double value(int token, int head, int d) { return std::sin(1.0 + 3.7 * token + 1.3 * head + 0.9 * d); }

at::Tensor rows(int heads, double factor) {
  at::Tensor made = at::empty({6, heads, kDim}, at::TensorOptions().dtype(at::kDouble));
  for (int t = 0; t < 6; ++t)
    for (int h = 0; h < heads; ++h)
      for (int d = 0; d < kDim; ++d) made.mutable_data_ptr<double>()[(t * heads + h) * kDim + d] = factor * value(t, h, d);
  return made;
}

bool sees(bool causal, std::int64_t window, std::int64_t query, std::int64_t key) {
  return !causal || (key <= query && (window == 0 || key > query - window));
}

// Query by query, as the definition says.
double weight(bool causal, std::int64_t window, std::int64_t begin, std::int64_t tokens, int head, std::int64_t query,
              std::int64_t key) {
  const auto logit = [&](std::int64_t k) {
    double sum = 0;
    for (int d = 0; d < kDim; ++d)
      sum += 2 * value(static_cast<int>(begin + query), head, d) * value(static_cast<int>(begin + k), kKvOfHead[head], d);
    return std::exp(0.5 * sum);
  };
  double all = 0;
  for (std::int64_t k = 0; k < tokens; ++k)
    if (sees(causal, window, query, k)) all += logit(k);
  return sees(causal, window, query, key) ? logit(key) / all : 0;
}

TEST(AttentionWeights, AreTheMeansOfTheSoftmax) {
  for (const auto& [causal, window] : {std::pair(false, 0), std::pair(true, 0), std::pair(true, 2)}) {
    kernels::AttentionShape shape;
    shape.sequences = 2;
    shape.query_offsets = shape.key_offsets = kOffsets.data();
    shape.heads = kHeads;
    shape.kv_heads = kKvHeads;
    shape.kv_of_head = kKvOfHead.data();
    shape.head_dim = kDim;
    shape.scale = 0.5;
    shape.causal = causal;
    shape.window = window;
    std::vector<double> mean(6 * kHeads), asked(6 * kHeads);
    attention_weights(shape, rows(kHeads, 2), rows(kKvHeads, 1), {2, 3, 5}, mean, asked);
    for (int b = 0; b < 2; ++b) {
      const std::int64_t begin = kOffsets[b], tokens = kOffsets[b + 1] - begin;
      const std::vector<std::int64_t> own = b == 0 ? std::vector<std::int64_t>{2, 3} : std::vector<std::int64_t>{1};
      for (int head = 0; head < kHeads; ++head) {
        for (std::int64_t key = 0; key < tokens; ++key) {
          double sum = 0, of_asked = 0;
          int queries = 0;
          for (std::int64_t query = 0; query < tokens; ++query) {
            sum += weight(causal, window, begin, tokens, head, query, key);
            queries += sees(causal, window, query, key);
          }
          for (const std::int64_t query : own) of_asked += weight(causal, window, begin, tokens, head, query, key);
          const auto place = static_cast<std::size_t>((begin + key) * kHeads + head);
          EXPECT_NEAR(mean[place], sum / queries, 1e-12);
          EXPECT_NEAR(asked[place], of_asked / static_cast<double>(own.size()), 1e-12);
        }
      }
    }
  }
}

}  // namespace
}  // namespace hies::ops
