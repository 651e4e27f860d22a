#pragma once

#include <map>
#include <string>
#include <vector>

#include "hies/base/json.h"
#include "hies/eval/many_masks.h"
#include "hies/evidence/records.h"
#include "hies/sweep/hyperparameter_choice.h"
#include "hies/sweep/run_inputs.h"

namespace hies::sweep {

inline constexpr std::string_view kSummarySchema = "hies.summary/1";

// The summary of one run.
struct RunSummary {
  SweepRun run;
  std::string model_hash;
  std::int64_t layers = 0;    // of the model
  std::int64_t examples = 0;  // of DEV
  std::int64_t tokens = 0;
  std::int64_t scores_files = 0;
  eval::MaskStats evaluation;
  std::int64_t refits = 0;
  eval::MaskStats heldout;  // all 0 unless alpha or loss was chosen
  std::vector<HyperparameterChoice> choices;
  std::vector<evidence::Record> records;
};

// Returns summary.json (docs/formats.md). `timings` are in ms.
Json summary_json(const std::vector<RunSummary>& runs, const std::string& version, const std::map<std::string, double>& timings);

// Returns the spread of at least one number: mean, sd (of a sample; null for one number), quartiles (between two numbers
// interpolated), least and greatest.
Json spread_json(const std::vector<double>& numbers);

}  // namespace hies::sweep
