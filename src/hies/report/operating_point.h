#pragma once

#include <optional>

#include "hies/report/points.h"

namespace hies::report {

// What a page shows before anyone has moved its slider: the share of answers, in per cent, that may not change.
inline constexpr double kUsualStability = 95;

struct OperatingPoint {
  const SeriesPoints& series;
  const Point& point;
};

// The largest ratio up to which a way to prune keeps a mean stability of at least `stability` per cent at every ratio; of the ways
// that reach it the one with the best mean quality, then stability, then the first. Neither random nor other numbers of calibration
// examples count. Not set where none keeps it at its first ratio. The page does the same (report/web/src/operating_point.ts).
std::optional<OperatingPoint> operating_point(const RunPoints& run, double stability);

}  // namespace hies::report
