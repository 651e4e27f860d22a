#include <gtest/gtest.h>

#include <cmath>

#include "hies/engine/test_gpu.h"
#include "hies/ops/token_loss.h"

namespace hies::ops {
namespace {

using model::Batch;
using model::RunResult;
using model::TokenLoss;

const at::TensorOptions kDouble = at::TensorOptions().dtype(at::kDouble);

at::Tensor made(std::int64_t rows, std::int64_t columns, double step) {
  return at::sin(at::arange(rows * columns, kDouble).square() * step).view({rows, columns});
}

// Rows with one number each, so that bfloat16 holds every logit; equal logits are many.
at::Tensor choosing(std::int64_t rows, std::int64_t columns) {
  at::Tensor matrix = at::zeros({rows, columns}, kDouble);
  for (std::int64_t row = 0; row < rows; ++row) matrix[row][row % columns] = std::ldexp(1.0, static_cast<int>(row / columns % 4));
  return matrix;
}

const at::Device kGpu(at::kCUDA, 0);

Linear on_gpu(const at::Tensor& matrix) {
  return Linear([matrix] { return matrix.to(kGpu); }, {}, [] {}, {true, true, true});
}

// Two target rows of one sequence.
Batch two_targets() {
  Batch batch;
  batch.offsets = {0, 3};
  batch.tokens.resize(3);
  batch.target_rows = {0, 1};
  batch.target_tokens = {1, 2};
  return batch;
}

class TokenLossOnGpu : public engine::GpuTest<TokenLoss> {};
INSTANTIATE_TEST_SUITE_P(All, TokenLossOnGpu,
                         testing::Values(TokenLoss::cross_entropy, TokenLoss::pseudo_label, TokenLoss::logit_norm));

// Seven target rows of three sequences, the second without any, beside the CPU's float64. Vocabularies of a size that is a multiple of
// a vector's, and not; smaller and larger than a block.
TEST_P(TokenLossOnGpu, IsThatOfTheCpu) {
  Batch batch;
  batch.offsets = {0, 4, 6, 12};
  batch.tokens.resize(12);
  batch.target_rows = {0, 2, 3, 7, 7, 8, 11};
  batch.target_tokens = {1, 10, 3, 4, 0, 2, 5};
  for (const std::int64_t vocabulary : {11, 4096, 5003})
    for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
      const at::Tensor states = made(8, 64, 1.0).to(type);
      const at::Tensor matrix = (type == at::kFloat ? made(vocabulary, 64, 2.0) : choosing(vocabulary, 64)).to(type);
      const at::Tensor wide_states = states.to(at::kDouble);
      const Linear exact_linear([weight = matrix.to(at::kDouble)] { return weight; }, {});
      at::Tensor exact_gradient, gradient;
      const RunResult exact = token_results(exact_linear, wide_states, batch, GetParam(), 100, &exact_gradient);
      const RunResult gpu = token_results(on_gpu(matrix), states.to(kGpu), batch, GetParam(), 3, &gradient);
      const double close = type == at::kFloat ? 1e-5 : 1e-2;  // of a gradient in bfloat16
      EXPECT_EQ(gpu.top_tokens, exact.top_tokens);
      ASSERT_EQ(gpu.log_probabilities.size(), 7u);
      for (std::size_t i = 0; i < 7; ++i)
        EXPECT_NEAR(gpu.log_probabilities[i], exact.log_probabilities[i], 1e-5 * std::abs(exact.log_probabilities[i]));
      for (std::size_t b = 0; b < 3; ++b) EXPECT_NEAR(gpu.losses[b], exact.losses[b], 1e-5 * (1 + std::abs(exact.losses[b])));
      const at::Tensor difference = gradient.cpu().to(at::kDouble) - exact_gradient;
      EXPECT_LE(difference.norm().item<double>(), close * exact_gradient.norm().item<double>());
    }
}

TEST_P(TokenLossOnGpu, OneNanIsSeen) {
  for (const std::int64_t vocabulary : {11, 4096}) {
    at::Tensor matrix = made(vocabulary, 64, 2.0).to(at::kFloat);
    matrix[7].fill_(std::nan(""));
    const RunResult result =
        token_results(on_gpu(matrix), made(8, 64, 1.0).to(kGpu, at::kFloat), two_targets(), GetParam(), 100, nullptr);
    for (const double value : result.log_probabilities) EXPECT_TRUE(std::isnan(value));
  }
}

TEST_P(TokenLossOnGpu, TheLowestOfEqualsIsTheTop) {
  const RunResult result = token_results(on_gpu(at::zeros({4096, 64})), made(8, 64, 1.0).to(kGpu, at::kFloat), two_targets(),
                                         GetParam(), 100, nullptr);
  for (const std::int32_t token : result.top_tokens) EXPECT_EQ(token, 0);
  EXPECT_NEAR(result.log_probabilities[0], -std::log(4096.0), 1e-5);
}

}  // namespace
}  // namespace hies::ops
