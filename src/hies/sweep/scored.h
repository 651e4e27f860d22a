#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hies/base/progress.h"
#include "hies/score/scores.h"
#include "hies/sweep/run_inputs.h"

namespace hies::sweep {

// The scores of one run of a sweep, each (loss, seed, number of examples) computed once for all cells.
class ScoredRun {
 public:
  // Reads the files that are in DIR/scores already, computes and writes the others. Throws bad_input for a file of another model,
  // other data or other options; what score_heads throws; io. When interrupted, finished files remain.
  ScoredRun(const RunInputs& data, const SweepOptions& options, const engine::Model& model, const std::filesystem::path& folder,
            Progress& progress);

  // Returns random scores where they would have to be computed, for estimates of a sweep's work.
  static ScoredRun imagined(const RunInputs& data, const SweepOptions& options, const engine::Model& model);

  struct Entry {
    std::string loss;
    std::int64_t seed = 0;
    std::int64_t requested = 0;  // examples, as the options say
    std::string file;            // relative to the sweep's directory
    score::Scores scores;
  };
  // Returns null where there is none.
  const Entry* find(const std::string& loss, std::int64_t seed, std::int64_t requested) const;
  const std::vector<Entry>& entries() const noexcept { return entries_; }

 private:
  ScoredRun(const RunInputs& data, const SweepOptions& options);
  std::vector<Entry> entries_;
};

// Returns the file name "scores/minilm-sst2-ce-0.json"; with another number of examples than SweepOptions::examples
// "scores/minilm-sst2-ce-0-n64.json".
std::string scores_file(const SweepRun& run, const std::string& loss, std::int64_t seed, std::int64_t examples,
                        const SweepOptions& options);

}  // namespace hies::sweep
