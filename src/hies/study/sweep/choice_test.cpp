#include "hies/study/sweep/choice.h"

#include <gtest/gtest.h>

namespace hies::study {
namespace {

TEST(WeightedAuc, LargerRatiosWeighMore) {
  EXPECT_DOUBLE_EQ(weighted_auc({0.1, 0.5}, {0.9, 0.6}), (0.1 * 0.9 + 0.5 * 0.6) / 0.6);
  EXPECT_DOUBLE_EQ(weighted_auc({0.3}, {0.7}), 0.7);
  EXPECT_GT(weighted_auc({0.1, 0.5}, {0.6, 0.9}), weighted_auc({0.1, 0.5}, {0.9, 0.6}));
  EXPECT_DOUBLE_EQ(weighted_auc({0.0}, {-2.0}), -2.0);
}

}  // namespace
}  // namespace hies::study
