#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hies/base/json.h"
#include "hies/base/progress.h"
#include "hies/sweep/options.h"

namespace hies::sweep {

// The work of one run of a sweep.
struct RunEstimate {
  std::string run;
  std::int64_t cells = 0;              // records, the unpruned model's included
  std::int64_t known_masks = 0;        // distinct masks that depend on no score: exact
  std::int64_t masks = 0;              // all distinct masks if scores were random: an estimate
  std::int64_t refits = 0;             // models that are refitted and evaluated: an estimate
  std::int64_t layers_done = 0;        // layer evaluations on the evaluation data: an estimate
  std::int64_t layers_avoided = 0;     // against one evaluation for each cell: an estimate
  std::int64_t heldout_masks = 0;      // masks on the held-out rows: an estimate
  std::int64_t scoring_passes = 0;     // examples, forward and backward
  std::int64_t evaluation_passes = 0;  // examples, forward: masks × rows
  std::int64_t heldout_passes = 0;
  double seconds = 0;  // from the time that one batch took
};

// Estimates a sweep: loads data and weights of each run and runs the model on one batch. Scores and writes nothing. Throws what
// run_sweep throws before its first stage.
std::vector<RunEstimate> estimate_sweep(const SweepConfig& config, Progress& progress = silent_progress());

// Returns the estimates as `hies sweep --dry-run --json` prints them.
Json estimate_json(const std::vector<RunEstimate>& runs);

}  // namespace hies::sweep
