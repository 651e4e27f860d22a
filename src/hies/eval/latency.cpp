#include "hies/eval/latency.h"

#include <algorithm>
#include <cmath>

#include "hies/base/clock.h"
#include "hies/base/error.h"

namespace hies::eval {
namespace {

constexpr std::int64_t kFewestRounds = 3;

double quantile(const std::vector<double>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - std::floor(place)) * (sorted[above] - sorted[below]);
}

}  // namespace

Spread spread(std::span<const double> measurements) {
  check(!measurements.empty(), "a spread is of at least one measurement");
  std::vector<double> sorted(measurements.begin(), measurements.end());
  std::sort(sorted.begin(), sorted.end());
  return {quantile(sorted, 0.5), quantile(sorted, 0.25), quantile(sorted, 0.75),
          sorted.front(),        sorted.back(),          static_cast<std::int64_t>(sorted.size())};
}

void check_options(const LatencyOptions& options) {
  if (!(options.latency_seconds >= 0) || std::isinf(options.latency_seconds))
    bad_input("`latency_seconds` is {}, but 0 or more is needed", options.latency_seconds);
  if (options.latency_rounds < 1) bad_input("`latency_rounds` is {}, but at least 1 is needed", options.latency_rounds);
}

Clock wall_clock() {
  return [watch = Stopwatch()] { return watch.elapsed_ms(); };
}

RunTimes measure_alternately(std::span<const Work> works, double seconds, std::int64_t rounds, const Clock& clock,
                             Progress& progress) {
  RunTimes times(works.size());
  const auto run_round = [&](std::int64_t round, bool counted) {
    for (std::size_t turn = 0; turn < works.size(); ++turn) {
      Progress::throw_if_cancelled();
      const std::size_t work = round % 2 == 0 ? turn : works.size() - 1 - turn;
      const double begin = clock();
      works[work](round);
      if (counted) times[work].push_back(clock() - begin);
    }
  };
  run_round(0, false);
  const auto budget_ms = static_cast<std::int64_t>(seconds * 1000);
  progress.begin("time", budget_ms, "ms");
  const double begin = clock();
  double before = begin;
  for (std::int64_t round = 0; round < std::max(rounds, kFewestRounds); ++round) {
    run_round(round, true);
    const double now = clock();
    const bool next_would_be_late = now - begin + (now - before) > seconds * 1000;
    progress.advance(static_cast<std::int64_t>(now - begin) - static_cast<std::int64_t>(before - begin));
    before = now;
    if (round + 1 >= kFewestRounds && next_would_be_late) break;
  }
  progress.end();
  return times;
}

}  // namespace hies::eval
