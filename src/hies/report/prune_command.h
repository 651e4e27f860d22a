#pragma once

#include <string>

#include "hies/evidence/records.h"
#include "hies/sweep/options.h"

namespace hies::report {

// Returns the word quoted for a POSIX shell.
std::string shell_word(const std::string& word);

// Returns the command that prunes with the configuration of a record and the calibration set of seed 0, without its last words
// " --ratio R -o DIR": options that have their defaults are left out.
std::string prune_command(const sweep::SweepRun& run, const sweep::SweepOptions& options, const evidence::Record& record);

}  // namespace hies::report
