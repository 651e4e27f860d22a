#pragma once

#include <string>
#include <vector>

#include "hies/evidence/records.h"
#include "hies/sweep/options.h"

namespace hies::report {

// Returns the word quoted for a POSIX shell.
std::string shell_word(const std::string& word);

// Returns the flags whose value is the record's ratio: {"--ratio"}, {"--ratio", "--ffn-ratio"}, {"--matrix-flops-ratio"}, ….
std::vector<std::string> budget_flags(const evidence::RecordKey& key);
// Returns what is removed of a model: "heads", "heads and of the neurons", "matrices' FLOPs", ….
std::string removed_noun(const evidence::RecordKey& key);

// Returns the command that prunes with the configuration of a record and the calibration set of seed 0, without its last words, the
// budget_flags() and "-o DIR": options that have their defaults are left out.
std::string prune_command(const sweep::SweepRun& run, const sweep::SweepOptions& options, const evidence::Record& record);

}  // namespace hies::report
