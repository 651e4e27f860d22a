#include "hies/ops/token_loss.h"

#include <gtest/gtest.h>

#include <cmath>

namespace hies::ops {
namespace {

using model::Batch;
using model::RunResult;
using model::TokenLoss;

// Seven target rows of three sequences, the second without any; 11 tokens.
struct Sample {
  Batch batch;
  at::Tensor states, matrix;  // [8, 5], [11, 5] float64
  Linear vocabulary;

  Sample() {
    batch.offsets = {0, 4, 6, 12};
    batch.tokens.resize(12);
    batch.target_rows = {0, 2, 3, 7, 7, 8, 11};
    batch.target_tokens = {1, 10, 3, 4, 0, 2, 5};
    states = at::sin(at::arange(40, at::TensorOptions().dtype(at::kDouble)).square()).view({8, 5});
    matrix = at::cos(at::arange(55, at::TensorOptions().dtype(at::kDouble)).square() * 2).view({11, 5});
    vocabulary = Linear([weight = matrix] { return weight; }, {});
  }
};

class EveryTokenLoss : public testing::TestWithParam<TokenLoss> {
 protected:
  Sample sample;
};

TEST_P(EveryTokenLoss, PartsAreTheWhole) {
  at::Tensor whole_gradient, gradient;
  const RunResult whole = token_results(sample.vocabulary, sample.states, sample.batch, GetParam(), 100, &whole_gradient);
  ASSERT_EQ(whole.log_probabilities.size(), 7u);
  EXPECT_EQ(whole.losses[1], 0);
  for (const std::int64_t rows : {1, 2, 3, 7}) {
    const RunResult parts = token_results(sample.vocabulary, sample.states, sample.batch, GetParam(), rows, &gradient);
    EXPECT_EQ(parts.top_tokens, whole.top_tokens);
    for (std::size_t i = 0; i < 7; ++i) EXPECT_NEAR(parts.log_probabilities[i], whole.log_probabilities[i], 1e-14);
    for (std::size_t b = 0; b < 3; ++b) EXPECT_NEAR(parts.losses[b], whole.losses[b], 1e-14);
    EXPECT_TRUE(at::allclose(gradient, whole_gradient, 1e-13, 1e-14));
  }
}

TEST_P(EveryTokenLoss, GradientIsTheCentralDifference) {
  at::Tensor gradient;
  token_results(sample.vocabulary, sample.states, sample.batch, GetParam(), 3, &gradient);
  const double step = 1e-5;
  for (std::int64_t row = 0; row < 8; ++row) {
    for (std::int64_t i = 0; i < 5; ++i) {
      const auto loss_at = [&](double change) {
        at::Tensor moved = sample.states.clone();
        moved[row][i] += change;
        double sum = 0;
        for (const double loss : token_results(sample.vocabulary, moved, sample.batch, GetParam(), 100, nullptr).losses)
          sum += loss;
        return sum;
      };
      EXPECT_NEAR(gradient[row][i].item<double>(), (loss_at(step) - loss_at(-step)) / (2 * step), 1e-8);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, EveryTokenLoss,
                         testing::Values(TokenLoss::cross_entropy, TokenLoss::pseudo_label, TokenLoss::logit_norm));

TEST(TokenLosses, AreOfAllLogits) {
  const Sample sample;
  const RunResult result = token_results(sample.vocabulary, sample.states, sample.batch, TokenLoss::logit_norm, 2, nullptr);
  double squares = 0;
  for (std::size_t row = 0; row < 7; ++row) {
    const at::Tensor logits = at::mv(sample.matrix, sample.states[static_cast<std::int64_t>(row)]);
    const at::Tensor expected = at::log_softmax(logits, 0)[sample.batch.target_tokens[row]];
    EXPECT_NEAR(result.log_probabilities[row], expected.item<double>(), 1e-13);
    EXPECT_EQ(result.top_tokens[row], logits.argmax().item<std::int64_t>());
    if (row < 3) squares += logits.square().sum().item<double>() / 2 / 3;
  }
  EXPECT_NEAR(result.losses[0], squares, 1e-12);
}

TEST(TokenLosses, TheLowestOfEqualsIsTheTop) {
  Sample sample;
  sample.matrix.zero_();
  const RunResult result = token_results(sample.vocabulary, sample.states, sample.batch, std::nullopt, 4, nullptr);
  for (const std::int32_t token : result.top_tokens) EXPECT_EQ(token, 0);
  EXPECT_NEAR(result.log_probabilities[0], -std::log(11.0), 1e-14);
}

TEST(LogitRows, StayWithinTensOfMegabytes) {
  for (const std::int64_t vocabulary : {10, 32000, 152064, 100000000}) {
    const std::int64_t rows = logit_rows(vocabulary, at::TensorOptions().dtype(at::kFloat));
    EXPECT_GE(rows, 16);
    EXPECT_EQ(rows % 16, 0);
    EXPECT_TRUE(rows == 16 || rows * vocabulary * 4 <= 40 << 20);
  }
}

}  // namespace
}  // namespace hies::ops
