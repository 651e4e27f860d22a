#pragma once

#include <filesystem>

#include "hies/baseline/baseline.h"
#include "hies/sweep/grid.h"
#include "hies/sweep/run_inputs.h"

namespace hies::sweep {

// Returns the plan of a cell whose method is a search (`greedy`, `evolve`): its objective's rows are those that a refit would be fitted with,
// and the rows held out choose between what was found and the scores' own plan. Values of masks are kept in a journal in `folder`, one
// for each run, sites, number of calibration examples and seed, so that searches of other budgets of the grid find them there.
prune::Plan searched_plan(const baseline::Work& work, const Cell& cell, const RunInputs& data,
                          const std::filesystem::path& folder, Progress& progress);

}  // namespace hies::sweep
