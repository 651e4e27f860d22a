#pragma once

#include <map>
#include <vector>

#include "hies/baseline/baseline.h"

namespace hies::baseline {

// The gradients of the loss by the gates of a site's units [N, U], row by row of N examples (of a loss whose answers are drawn, N times its
// draws): of a unit of several heads or neurons the sum of theirs.
struct GateGradients {
  std::int64_t examples = 0;
  std::map<model::Site, std::vector<double>> of_site;
};

// Computes those of the scored rows by backward passes. `units`: of the sites that are wanted.
GateGradients gate_gradients(const Work& work, const model::UnitGroups& units, Progress& progress);

}  // namespace hies::baseline
