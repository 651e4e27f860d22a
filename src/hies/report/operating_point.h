#pragma once

#include <optional>

#include "hies/report/points.h"

namespace hies::report {

// The stability that the page's slider starts with: the share of answers, in per cent, that may not change.
inline constexpr double kUsualStability = 95;

struct OperatingPoint {
  const SeriesPoints& series;
  const Point& point;
};

// Returns the largest ratio (where ratios are of different things: the one that removes the most FLOPs) up to which a configuration keeps a mean stability of at least `stability` per cent at every ratio;
// of the configurations that reach it the one with the best mean quality, then stability, then the first. Random masks and other
// numbers of calibration examples do not count. Not set where no configuration keeps it at its first ratio. The page does the
// same (report/web/src/operating_point.ts).
std::optional<OperatingPoint> operating_point(const RunPoints& run, double stability);

}  // namespace hies::report
