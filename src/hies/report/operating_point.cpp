#include "hies/report/operating_point.h"

#include <tuple>

namespace hies::report {
namespace {

const Point* last_stable(const SeriesPoints& series, double stability) {
  const Point* last = nullptr;
  for (const Point& point : series.points) {
    if (!(point.stability.value.value_or(0) >= stability)) break;
    last = &point;
  }
  return last;
}

}  // namespace

std::optional<OperatingPoint> operating_point(const RunPoints& run, double stability) {
  const double sign = run.quality && !run.quality->higher_is_better ? -1 : 1;
  const bool mixed = run.is_mixed();
  const auto key = [&](const Point& point) {
    return std::make_tuple(mixed ? point.flops_removed : point.ratio, sign * point.quality.value.value_or(0),
                           point.stability.value.value_or(0));
  };
  const SeriesPoints* best_series = nullptr;
  const Point* best = nullptr;
  for (const SeriesPoints& series : run.series) {
    if (series.drawn || series.series.examples) continue;
    const Point* point = last_stable(series, stability);
    if (point == nullptr || (best != nullptr && key(*point) <= key(*best))) continue;
    best_series = &series;
    best = point;
  }
  if (best == nullptr) return std::nullopt;
  return OperatingPoint{*best_series, *best};
}

}  // namespace hies::report
