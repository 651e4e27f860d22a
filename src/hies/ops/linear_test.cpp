#include <gtest/gtest.h>

#include "hies/ops/linear.h"

namespace hies::ops {
namespace {

at::Tensor waves(std::int64_t rows, std::int64_t columns, double step, at::ScalarType type) {
  const at::Tensor numbers = at::arange(rows * columns, at::TensorOptions().dtype(at::kDouble));
  return at::sin(numbers * step).view({rows, columns}).to(type);
}

class EveryType : public testing::TestWithParam<at::ScalarType> {};

// Weights that stay prepacked, and weights that are read for each product, in both directions.
TEST_P(EveryType, KeepingChangesNoBit) {
  for (const auto& [outputs, inputs] : {std::pair<std::int64_t, std::int64_t>{700, 512}, {61, 36}, {1024, 1030}}) {
    const at::Tensor weight = waves(outputs, inputs, 0.37, GetParam()), bias = waves(1, outputs, 0.11, GetParam())[0];
    int made = 0;
    const auto make = [&] {
      ++made;
      return at::Tensor(weight);
    };
    const Linear kept(make, bias), read(make, bias, [] {}, {false, false});
    for (const std::int64_t rows : {8, 24, 512}) {
      const at::Tensor x = waves(rows, inputs, 0.53, GetParam()), dy = waves(rows, outputs, 0.29, GetParam());
      EXPECT_TRUE(at::equal(kept(x), read(x))) << rows << " rows";
      EXPECT_TRUE(at::equal(kept.gradient(dy), read.gradient(dy))) << rows << " rows";
      const at::Tensor wanted = at::linear(x.to(at::kDouble), weight.to(at::kDouble), bias.to(at::kDouble));
      const double error = (read(x).to(at::kDouble) - wanted).abs().max().item<double>() / wanted.abs().max().item<double>();
      EXPECT_LE(error, GetParam() == at::kBFloat16 ? 1e-2 : 1e-5);
    }
    EXPECT_EQ(made, 2 + 3 * 3);
  }
}

INSTANTIATE_TEST_SUITE_P(All, EveryType, testing::Values(at::kFloat, at::kBFloat16, at::kDouble));

TEST(LinearInBothDirections, KeepsAllOrNothing) {
  const at::Tensor weight = waves(16, 8, 0.37, at::kFloat), x = waves(8, 8, 0.5, at::kFloat);
  int made = 0;
  const Linear linear(
      [&] {
        ++made;
        return at::Tensor(weight);
      },
      {}, [] {}, {true, false});
  {
    const Linear::BothDirections both;
    linear(x);
    linear(x);
    EXPECT_EQ(made, 2);
  }
  linear(x);
  linear(x);
  EXPECT_EQ(made, 3);
}

}  // namespace
}  // namespace hies::ops
