// The pure functions behind the tables.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "hies/base/error.h"
#include "hies/base/rng.h"
#include "hies/evidence/orthogonality.h"
#include "hies/evidence/pareto.h"
#include "hies/evidence/test_records.h"
#include "hies/evidence/weighted_auc.h"

namespace hies::evidence {
namespace {

TEST(WeightedAuc, WeighsByTheRatio) {
  EXPECT_DOUBLE_EQ(weighted_auc(std::array{0.1, 0.3}, std::array{0.8, 0.4}), (0.1 * 0.8 + 0.3 * 0.4) / 0.4);
  EXPECT_DOUBLE_EQ(weighted_auc(std::array{0.2, 0.4, 0.6}, std::array{7.0, 7.0, 7.0}), 7);
  EXPECT_DOUBLE_EQ(weighted_auc(std::array{0.0, 0.5}, std::array{100.0, -3.0}), -3);
  EXPECT_DOUBLE_EQ(weighted_auc(std::array{0.0, 0.0}, std::array{1.0, 2.0}), 1.5);
  EXPECT_THROW(weighted_auc({}, {}), Error);
  EXPECT_THROW(weighted_auc(std::array{0.1}, std::array{1.0, 2.0}), Error);
}

// Points on a small lattice, so that many are equal in cost, quality or both.
TEST(ParetoFront, IsWhatComparingAllPairsGives) {
  Rng rng(7);
  for (int round = 0; round < 200; ++round) {
    const std::size_t count = rng.below(30);
    std::vector<double> cost, quality;
    for (std::size_t i = 0; i < count; ++i) {
      cost.push_back(static_cast<double>(rng.below(6)));
      quality.push_back(static_cast<double>(rng.below(6)));
    }
    std::vector<std::size_t> wanted;
    for (std::size_t i = 0; i < count; ++i) {
      bool is_beaten = false;
      for (std::size_t j = 0; j < count; ++j) {
        const bool as_good = cost[j] <= cost[i] && quality[j] >= quality[i];
        const bool equal = cost[j] == cost[i] && quality[j] == quality[i];
        is_beaten = is_beaten || (as_good && (!equal || j < i));
      }
      if (!is_beaten) wanted.push_back(i);
    }
    const std::vector<std::size_t> front = pareto_front(cost, quality);
    EXPECT_TRUE(std::is_sorted(front.begin(), front.end(), [&](std::size_t a, std::size_t b) { return cost[a] < cost[b]; }));
    std::vector<std::size_t> sorted = front;
    std::sort(sorted.begin(), sorted.end());
    EXPECT_EQ(sorted, wanted) << "round " << round;
  }
}

TEST(Orthogonality, OfFourHeads) {
  // HIS / sum: 0.1 0.2 0.3 0.4; AE min–max: 1 0.5 0 0.25.
  const Orthogonality o = orthogonality(rows({{1, 2, 3}, {4}}), rows({{0.9, 0.7, 0.5}, {0.6}}));
  EXPECT_NEAR(o.his_mean, 0.25, 1e-12);
  EXPECT_NEAR(o.ae_mean, 0.4375, 1e-12);
  EXPECT_NEAR(o.inner_product, 0.1 + 0.1 + 0 + 0.1, 1e-12);
  // Deviations -0.15 -0.05 0.05 0.15 and 0.5625 0.0625 -0.4375 -0.1875.
  const double products = -0.15 * 0.5625 - 0.05 * 0.0625 - 0.05 * 0.4375 - 0.15 * 0.1875;
  EXPECT_NEAR(o.covariance, products / 4, 1e-12);
  const double his_squares = 0.05, ae_squares = 0.5625 * 0.5625 + 0.0625 * 0.0625 + 0.4375 * 0.4375 + 0.1875 * 0.1875;
  EXPECT_NEAR(o.pearson, products / std::sqrt(his_squares * ae_squares), 1e-12);
}

TEST(Orthogonality, IsThereForDegenerateScores) {
  const Orthogonality zero = orthogonality(rows({{0, 0}}), rows({{0.2, 0.4}}));
  EXPECT_EQ(zero.his_mean, 0);
  EXPECT_EQ(zero.inner_product, 0);
  EXPECT_EQ(zero.pearson, 0);
  EXPECT_EQ(zero.ae_mean, 0.5);
  const Orthogonality flat = orthogonality(rows({{1, 3}}), rows({{0.7, 0.7}}));
  EXPECT_EQ(flat.ae_mean, 0);
  EXPECT_EQ(flat.covariance, 0);
  EXPECT_THROW(orthogonality(rows({{}}), rows({{}})), Error);
}

}  // namespace
}  // namespace hies::evidence
