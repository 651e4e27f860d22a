#pragma once

#include <string>

#include "hies/evidence/records.h"
#include "hies/sweep/options.h"

namespace hies::report {

// A word as a POSIX shell would take it back.
std::string shell_word(const std::string& word);

// The command that makes the masks of a record's way to prune with the calibration set of seed 0, without its last words
// " --ratio R -o DIR": options that have their defaults are left out.
std::string prune_command(const sweep::SweepRun& run, const sweep::SweepOptions& options, const evidence::Record& record);

}  // namespace hies::report
