#include "hies/ops/prefetch_order.h"

#include <gtest/gtest.h>

namespace hies::ops {
namespace {

// How many uses were not the next that was expected.
int surprises(PrefetchOrder& order, const std::vector<int>& run) {
  int count = 0;
  for (const int what : run) {
    const auto next = order.next(1);
    count += next.empty() || next.front() != what;
    order.used(what);
  }
  return count;
}

TEST(PrefetchOrder, NothingIsKnownAtFirst) {
  PrefetchOrder order;
  EXPECT_EQ(order.last(), -1);
  EXPECT_TRUE(order.next(3).empty());
  EXPECT_EQ(surprises(order, {0, 1, 2}), 3);
  EXPECT_EQ(order.last(), 2);
}

// Forward and back, where keys follow queries both ways.
TEST(PrefetchOrder, ARunLikeTheLastIsPredicted) {
  PrefetchOrder order;
  const std::vector<int> run = {0, 1, 2, 3, 10, 11, 12, 13, 20, 13, 12, 10, 11, 3, 2};
  surprises(order, run);
  surprises(order, run);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(surprises(order, run), 0);
  EXPECT_EQ(std::vector<int>(order.next(3).begin(), order.next(3).end()), (std::vector<int>{0, 1, 2}));
}

// The layers 1 and 2 are recomputed in the backward pass: what follows 2 then is not what followed it before.
TEST(PrefetchOrder, LayersThatRunTwice) {
  PrefetchOrder order;
  const std::vector<int> run = {0, 1, 2, 3, 4, 5, 4, 3, 1, 2, 1, 0};
  surprises(order, run);
  surprises(order, run);
  EXPECT_EQ(surprises(order, run), 0);
}

TEST(PrefetchOrder, FindsItsPlaceAfterAnotherRun) {
  PrefetchOrder order;
  const std::vector<int> there_and_back = {0, 1, 2, 3, 4, 5, 6, 5, 4, 3, 2, 1}, there = {0, 1, 2, 3, 4, 5, 6};
  for (int i = 0; i < 2; ++i) surprises(order, there_and_back);
  EXPECT_LE(surprises(order, there), 1);
  EXPECT_LE(surprises(order, there), 2);
  EXPECT_EQ(surprises(order, there), 0);
  EXPECT_LE(surprises(order, there_and_back), 2);
}

// A long run of a program: the memory of what was used is bounded, and forgetting surprises at most for a moment.
TEST(PrefetchOrder, ForgetsWhatIsLongPast) {
  PrefetchOrder order;
  const std::vector<int> run = {0, 1, 2, 3, 2, 1};
  for (int i = 0; i < 2; ++i) surprises(order, run);
  int count = 0;
  for (int i = 0; i < 30000; ++i) count += surprises(order, run);
  EXPECT_LE(count, 3);
  EXPECT_LE(order.next(1 << 20).size(), std::size_t{1} << 16);
}

}  // namespace
}  // namespace hies::ops
