#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "hies/base/json.h"
#include "hies/base/progress.h"
#include "hies/evidence/records.h"
#include "hies/sweep/options.h"

namespace hies::sweep {

// The inputs of a sweep.
struct SweepRequest {
  SweepConfig config;
  std::filesystem::path output;  // the sweep's directory
  std::string version;           // of the program; a directory of another version is not resumed
};

struct SweepOutcome {
  std::vector<evidence::Record> records;
  std::int64_t known = 0;  // of these, from earlier processes
  Json summary;
};

// Evaluates the whole grid of all runs and writes `output`: sweep.json, scores/, records.jsonl, summary.json, tables/
// (docs/formats.md). It may be stopped at any moment, by Error(interrupted) or by the end of the process; called again with the
// same request it resumes, and the records are the same. Throws what check_config, SweepFolder, load_run and the stages throw.
SweepOutcome run_sweep(const SweepRequest& request, Progress& progress = silent_progress());

}  // namespace hies::sweep
