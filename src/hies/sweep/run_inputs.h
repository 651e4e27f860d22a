#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hies/base/progress.h"
#include "hies/pipeline/eval_run.h"
#include "hies/pipeline/refit_rows.h"
#include "hies/sweep/folder.h"
#include "hies/sweep/grid.h"
#include "hies/sweep/options.h"

namespace hies::sweep {

// The encoded data of one run of a sweep; the weights are not read yet.
struct RunInputs {
  SweepRun run;
  const data::Task& task;
  std::shared_ptr<const arch::Checkpoint> checkpoint;
  model::ModelHashes model;
  std::vector<std::string> losses;         // scored_losses()
  std::vector<data::Dataset> calibration;  // [seeds] as many examples as the largest size and a refit ask for, or the file has
  pipeline::EvaluationData evaluation;     // DEV
  data::Dataset heldout;                   // empty unless alpha or loss is chosen
  std::vector<Cell> unreachable = {};      // sites, budgets and ratios that this model does not allow

  RunIdentity identity() const;
  // Returns the loss that the evaluation reports, even where the data has no labels for it.
  const std::string& evaluation_loss() const { return task.loss; }
};

// Returns the grid's cells without those that the run's model does not allow.
std::vector<Cell> run_cells(const RunInputs& data, const SweepOptions& options);

// Returns the rows of a seed that score with `examples` of them, are fitted with, and judge the fit, as `hies prune` divides them.
pipeline::CalibrationParts refit_rows(const RunInputs& data, const SweepOptions& options, std::int64_t seed,
                                      std::int64_t examples);

// Loads the data of a run. Warns when calibration rows are also evaluation rows, and of budgets that units of some sites alone cannot
// meet. Throws bad_input for a ratio that cannot be reached, fewer rows than a refit needs, a calibration size that the file does not have, a held-out part larger than what is left of the file, and data without
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
