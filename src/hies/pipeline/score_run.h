#pragma once

#include <filesystem>
#include <string>

#include "hies/base/progress.h"
#include "hies/data/dataset.h"
#include "hies/data/rows.h"
#include "hies/data/task.h"
#include "hies/pipeline/loaded_model.h"
#include "hies/score/options.h"
#include "hies/score/scores.h"

namespace hies::pipeline {

// Returns the defaults for calibration examples: 32 random ones.
data::LoadOptions calibration_options();

// The inputs of one scoring job.
struct ScoreRequest {
  std::filesystem::path model;        // checkpoint directory
  std::string task = {};              // data/task.h
  std::filesystem::path calibration;  // data file
  data::LoadOptions load = calibration_options();
  score::ScoreOptions score = {};
  engine::ExecutionOptions execution = {};
};

struct ScoreRun {
  score::Scores scores;
  data::Dataset calibration;
};

// Scores a model's heads on the calibration examples. Labels are needed only when a loss that uses them is. All options of the
// request are stored with the scores, as resolved. Throws what load_model, load_dataset and score_heads throw.
ScoreRun run_score(const ScoreRequest& request, Progress& progress = silent_progress());
// Scores a model that is in memory already; `request.model` and `request.execution` are those it was loaded with.
ScoreRun run_score(const LoadedModel& loaded, const ScoreRequest& request, Progress& progress = silent_progress());

// Returns the rows that a scoring job takes, with labels where its loss needs them. Throws what load_dataset throws.
data::Dataset load_calibration_rows(const LoadedModel& loaded, const ScoreRequest& request,
                                    Progress& progress = silent_progress());
// Scores a model that is in memory with such rows, or some of them.
ScoreRun run_score(const LoadedModel& loaded, const ScoreRequest& request, data::Dataset rows,
                   Progress& progress = silent_progress());

// Scores with calibration examples that are encoded already. `request.load` is how they were chosen.
score::Scores score_dataset(const engine::Model& model, const data::Dataset& calibration, const ScoreRequest& request,
                            Progress& progress = silent_progress());

}  // namespace hies::pipeline
