#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hies/evidence/evidence.h"
#include "hies/report/sweep.h"

namespace hies::report {

// All seeds of one configuration at one ratio.
struct Point {
  double ratio = 0;
  std::int64_t records = 0;
  evidence::TableCell quality, stability, loss_increase;  // spreads over the records; in the unit of their measure
  // Means over the records.
  double heads = 0, parameters = 0, flops = 0;                          // left
  double heads_removed = 0, parameters_removed = 0, flops_removed = 0;  // shares 0 … 1
  std::optional<evidence::Latency> latency = {};                        // of the first seed that has it
  std::vector<const evidence::Record*> seeds = {};                      // the records themselves
};

// One configuration, at every ratio.
struct SeriesPoints {
  evidence::Series series;
  std::string label;          // "hies α = 0.7"
  bool drawn = false;         // random masks, which are not recommended
  evidence::Record example;   // one of its records: what alpha and loss were, where they were chosen
  std::vector<Point> points;  // by ratio, ascending
};

// The aggregated results of a run: their size does not depend on the number of records.
struct RunPoints {
  std::string name;
  std::optional<evidence::Measure> quality;  // not set without labels
  evidence::Measure stability;
  evidence::Record unpruned;
  std::vector<SeriesPoints> series;  // in the order of tables

  // Returns whether ratios are of different things, so that only costs compare configurations.
  bool is_mixed() const;
};

RunPoints run_points(const evidence::Evidence& evidence, const std::string& run);

}  // namespace hies::report
