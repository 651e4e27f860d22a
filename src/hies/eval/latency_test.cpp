#include "hies/eval/latency.h"

#include <gtest/gtest.h>

#include <string>

#include "hies/base/error.h"

namespace hies::eval {
namespace {

// A clock that only works move.
struct FakeTime {
  double now = 0;
  std::string order;
  Clock clock() {
    return [this] { return now; };
  }
  // Takes `ms` and ten times as long the first time it is run.
  Work work(char name, double ms) {
    return [this, name, ms, first = true](std::int64_t) mutable {
      order += name;
      now += first ? 10 * ms : ms;
      first = false;
    };
  }
};

TEST(Latency, RunsInTurnsAndDoesNotCountTheFirst) {
  FakeTime time;
  const std::vector<Work> works = {time.work('a', 10), time.work('b', 20)};
  const RunTimes times = measure_alternately(works, 0.125, 100, time.clock());
  EXPECT_EQ(time.order,
            "ab"
            "ab"
            "ba"
            "ab"
            "ba");  // four rounds of 30 ms fit into 125 ms
  EXPECT_EQ(times, (RunTimes{{10, 10, 10, 10}, {20, 20, 20, 20}}));
}

TEST(Latency, AtLeastThreeRoundsAtMostAsManyAsAllowed) {
  FakeTime time;
  const std::vector<Work> slow = {time.work('a', 5000)};
  EXPECT_EQ(measure_alternately(slow, 1, 100, time.clock())[0].size(), 3u);
  const std::vector<Work> quick = {time.work('a', 1)};
  EXPECT_EQ(measure_alternately(quick, 1, 7, time.clock())[0].size(), 7u);
}

TEST(Latency, RoundsCountFromZero) {
  std::vector<std::int64_t> rounds;
  const std::vector<Work> works = {[&](std::int64_t round) { rounds.push_back(round); }};
  measure_alternately(works, 1, 3, [] { return 0.0; });
  EXPECT_EQ(rounds, (std::vector<std::int64_t>{0, 0, 1, 2}));  // the uncounted one first
}

TEST(Latency, StopsWhenCancelled) {
  const std::vector<Work> works = {[](std::int64_t) {}};
  Progress::cancelled() = true;
  EXPECT_THROW(measure_alternately(works, 1, 3, wall_clock()), Error);
  Progress::cancelled() = false;
}

TEST(Latency, SpreadOfMeasurements) {
  EXPECT_EQ(spread(std::vector<double>{5, 1, 2, 4, 3}), (Spread{3, 2, 4, 1, 5, 5}));
  EXPECT_EQ(spread(std::vector<double>{1, 2}), (Spread{1.5, 1.25, 1.75, 1, 2, 2}));
  EXPECT_EQ(spread(std::vector<double>{7}), (Spread{7, 7, 7, 7, 7, 1}));
  EXPECT_THROW(spread({}), Error);
}

TEST(Latency, TheWallClockGoesOn) {
  const Clock clock = wall_clock();
  const double before = clock();
  while (clock() == before) {
  }
  EXPECT_GT(clock(), before);
}

}  // namespace
}  // namespace hies::eval
