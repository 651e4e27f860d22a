#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hies/base/progress.h"
#include "hies/pipeline/eval_run.h"
#include "hies/sweep/folder.h"
#include "hies/sweep/options.h"

namespace hies::sweep {

// The encoded data of one run of a sweep; the weights are not read yet.
struct RunInputs {
  SweepRun run;
  const data::Task& task;
  std::shared_ptr<const arch::Checkpoint> checkpoint;
  model::ModelHashes model;
  std::vector<std::string> losses;         // scored_losses()
  std::vector<data::Dataset> calibration;  // [seeds] as many examples as the largest size asks for, or the file has
  pipeline::EvaluationData evaluation;     // DEV
  data::Dataset heldout;                   // empty unless alpha or loss is chosen

  RunIdentity identity() const;
  // Returns the loss that the evaluation reports, even where the data has no labels for it.
  const std::string& evaluation_loss() const { return task.loss; }
};

// Loads the data of a run. Warns when calibration rows are also evaluation rows. Throws bad_input for a ratio that cannot be
// reached, a calibration size that the file does not have, a held-out part larger than what is left of the file, and data without
// labels where they are needed; and what Checkpoint::open and load_dataset throw.
RunInputs load_run(const SweepRun& run, const SweepOptions& options, Progress& progress);

// Returns the first `count` examples.
data::Dataset first_examples(const data::Dataset& dataset, std::int64_t count);

// Returns how both files are read: the options that are for this task.
data::LoadOptions load_options(const SweepOptions& options, const data::Task& task);

// Returns the rows of the calibration file on which alpha and loss are chosen: the first `heldout` of a random order whose texts
// are neither those of a calibration example nor those of an evaluation row. Throws bad_input when there are fewer.
data::Dataset load_heldout(const RunInputs& data, const SweepOptions& options, const data::Preprocessor& preprocessor);

// Returns "calibration:heldout(256, seed 0)", which records hold for a value that was chosen there.
std::string heldout_name(const SweepOptions& options);

}  // namespace hies::sweep
