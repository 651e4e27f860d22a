#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "hies/evidence/records.h"
#include "hies/evidence/tables.h"
#include "hies/sweep/options.h"

namespace hies::report {

// The content of a directory of `hies sweep`, finished or not.
struct Sweep {
  std::filesystem::path folder;
  sweep::SweepConfig config;              // of sweep.json
  std::vector<evidence::Record> records;  // with the unpruned model's of each run
  evidence::ScoresFiles scores;           // of the usual number of calibration examples
  std::vector<std::string> notes = {};    // one sentence each, shown above the results

  // Returns the run of that name; there is one for every record.
  const sweep::SweepRun& run(const std::string& name) const;
  evidence::TableOptions table_options() const;
};

// Reads a sweep. Throws bad_input for a folder without a sweep or without records, records of a run that sweep.json does not
// name, and of one run with two models or tasks, scores of another model; and what read_records, read_config and read_scores
// throw. A last line without its end is left out, and a note says so.
Sweep read_sweep(const std::filesystem::path& folder);

// Returns the same path for the same folder, however it is written.
std::filesystem::path real_place(const std::filesystem::path& folder);

// Throws bad_input for a folder that is given twice.
void check_distinct(std::span<const Sweep> sweeps);

}  // namespace hies::report
