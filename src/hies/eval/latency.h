#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "hies/base/progress.h"

namespace hies::eval {

// The middle of repeated measurements and how far they spread. Quartiles between two measurements are interpolated.
struct Spread {
  double median = 0;
  double p25 = 0;
  double p75 = 0;
  double least = 0;
  double most = 0;
  std::int64_t count = 0;  // measurements
  bool operator==(const Spread&) const = default;
};
// Throws internal when there is none.
Spread spread(std::span<const double> measurements);

struct LatencyOptions {
  double latency_seconds = 2;
  std::int64_t latency_rounds = 1000;

  template <class V, class Self>
  static void fields(V& v, Self& self) {
    v("latency_seconds", self.latency_seconds, "time spent on measuring latency and throughput; 0: not measured");
    v("latency_rounds", self.latency_rounds, "most pairs of runs measured, however quick they are");
  }
};

// Throws bad_input for what cannot be measured.
void check_options(const LatencyOptions& options);

// One thing to be measured: does the work of `round` (0, 1, …) and returns.
using Work = std::function<void(std::int64_t round)>;
// Milliseconds from a fixed point, monotonic.
using Clock = std::function<double()>;
Clock wall_clock();

// Milliseconds of each run: [works][rounds].
using RunTimes = std::vector<std::vector<double>>;

// Runs all `works` once per round, in turns of order (a b, b a, …), so that what disturbs the machine disturbs them alike, and pairs
// of runs are of the same round. One round first that is not counted; then rounds until the next would pass `seconds`, at least
// three and at most `rounds`. Throws interrupted between runs once cancelled.
RunTimes measure_alternately(std::span<const Work> works, double seconds, std::int64_t rounds, const Clock& clock,
                             Progress& progress = silent_progress());

}  // namespace hies::eval
