#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "hies/base/progress.h"
#include "hies/data/rows.h"
#include "hies/data/task.h"
#include "hies/eval/evaluate.h"
#include "hies/pipeline/loaded_model.h"

namespace hies::pipeline {

// A data set that a model is evaluated on, and the loss that is reported.
struct EvaluationData {
  data::Dataset dataset;
  std::unique_ptr<model::Objective> objective;  // null without labels, where the loss needs them
};

// Loads evaluation data. `loss` is a name of score/objectives, or empty for the task's. A file without label column gives no
// metrics and, unless the loss needs no labels, no losses. Throws bad_input when labels are there but cannot be read, and for a task
// that judges nothing.
EvaluationData load_evaluation(const LoadedModel& loaded, const data::Task& task, const std::filesystem::path& file,
                               data::LoadOptions load, const std::string& loss, Progress& progress);

// Does the same with a checkpoint that is not in memory.
EvaluationData load_evaluation(const arch::Checkpoint& checkpoint, const data::Preprocessor& preprocessor, const data::Task& task,
                               const std::filesystem::path& file, data::LoadOptions load, const std::string& loss,
                               Progress& progress, int threads = 0);

// The inputs of one evaluation job.
struct EvalRequest {
  std::filesystem::path model;                     // checkpoint directory
  std::optional<std::filesystem::path> plan = {};  // plan.json: its heads are masked, and the reference is the unmasked model
  std::optional<std::filesystem::path> reference = {};  // another checkpoint directory; used instead of the unmasked model
  std::string task = {};
  std::filesystem::path data;
  data::LoadOptions load = {};
  std::string loss = {};  // empty: the task's
  eval::EvalOptions eval = {};
  engine::ExecutionOptions execution = {};
};

struct EvalRun {
  eval::Evaluation evaluation;
  data::Dataset dataset;            // as the model reads it
  std::vector<std::string> labels;  // names of the model's classes; empty for regression
};

// Evaluates a model. Throws what load_model, load_dataset, read_plan, check_plan and evaluate throw.
EvalRun run_eval(const EvalRequest& request, Progress& progress = silent_progress());

// Returns the names of the model's classes; none for regression.
std::vector<std::string> class_names(const model::ModelSpec& spec);

}  // namespace hies::pipeline
