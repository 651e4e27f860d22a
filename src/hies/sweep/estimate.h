#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hies/base/json.h"
#include "hies/base/progress.h"
#include "hies/sweep/options.h"

namespace hies::sweep {

// What a sweep would take, run by run.
struct RunEstimate {
  std::string run;
  std::int64_t cells = 0;              // records, the unpruned model's included
  std::int64_t known_masks = 0;        // distinct masks that no score decides: exact
  std::int64_t masks = 0;              // all distinct ones, had the scores been drawn at random: an estimate
  std::int64_t layers_done = 0;        // layer evaluations on DEV, likewise
  std::int64_t layers_avoided = 0;     // likewise, against one evaluation for each cell
  std::int64_t heldout_masks = 0;      // likewise, on the held-out part
  std::int64_t scoring_passes = 0;     // examples, forward and backward
  std::int64_t evaluation_passes = 0;  // examples, forward: masks × rows
  std::int64_t heldout_passes = 0;
  double seconds = 0;  // from the time that one batch took
};

// Loads data and weights of each run, runs the model on one batch, and scores nothing. Writes nothing. Throws what run_sweep throws
// before its first stage.
std::vector<RunEstimate> estimate_sweep(const SweepConfig& config, Progress& progress = silent_progress());

Json estimate_json(const std::vector<RunEstimate>& runs);

}  // namespace hies::sweep
