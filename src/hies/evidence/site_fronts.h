#pragma once

#include <string>
#include <vector>

#include "hies/evidence/evidence.h"
#include "hies/evidence/run_columns.h"

namespace hies::evidence {

// All seeds of one configuration at one ratio, as a point of quality against cost.
struct FrontPoint {
  Series series;
  double ratio = 0;
  double cost = 0;     // mean over the seeds; of latency the measurement of the first seed that has one
  double removed = 0;  // of the unpruned model's cost, a share; of latency below 0 where the pruned model is slower
  TableCell value, stability;
};

// The Pareto front of the configurations that remove units of the same sites, all with a refit or all without.
struct SiteFront {
  std::string cost;   // "FLOPs per example" or "latency, ms"
  std::string sites;  // RecordKey::sites
  bool refitted = false;
  std::vector<FrontPoint> points;  // ascending in cost
};

// Returns the fronts of a run by cost, sites and refit, of mean values over the seeds. Returns none where the sweep has one kind of
// sites and refit alone. Masks drawn at random take no part.
std::vector<SiteFront> site_fronts(const Evidence& evidence, const RunMeasure& run_measure);

}  // namespace hies::evidence
