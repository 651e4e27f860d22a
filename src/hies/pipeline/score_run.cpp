#include "hies/pipeline/score_run.h"

#include <algorithm>

#include "hies/base/fields.h"
#include "hies/data/load_dataset.h"
#include "hies/score/objectives/objectives.h"
#include "hies/score/scorer.h"
#include "hies/score/statistics/statistic.h"

namespace hies::pipeline {
namespace {

data::LabelNeed label_need(const score::ScoreOptions& options, const model::ModelSpec& spec) {
  if (spec.problem == model::Problem::hidden_states) return data::LabelNeed::if_readable;
  const score::ObjectiveKind& loss = options.loss.empty() ? score::default_objective(spec) : score::find_objective(options.loss);
  const bool takes_gradient = std::any_of(options.tables.begin(), options.tables.end(),
                                          [](const std::string& table) { return score::find_statistic(table).needs_gradient; });
  return loss.needs_labels && takes_gradient ? data::LabelNeed::required : data::LabelNeed::if_readable;
}

}  // namespace

data::LoadOptions calibration_options() {
  data::LoadOptions options;
  options.examples = 32;
  return options;
}

ScoreRun run_score(const ScoreRequest& request, Progress& progress) {
  score::check_options(request.score);
  data::task(request.task);
  return run_score(load_model(request.model, request.execution, progress), request, progress);
}

data::Dataset load_calibration_rows(const LoadedModel& loaded, const ScoreRequest& request, Progress& progress) {
  score::check_options(request.score);
  data::LoadOptions load = request.load;
  load.labels = label_need(request.score, loaded.checkpoint->spec());
  return data::load_dataset(request.calibration, data::task(request.task), load, *loaded.checkpoint, loaded.preprocessor,
                            progress, loaded.model.execution().threads);
}

ScoreRun run_score(const LoadedModel& loaded, const ScoreRequest& request, Progress& progress) {
  return run_score(loaded, request, load_calibration_rows(loaded, request, progress), progress);
}

ScoreRun run_score(const LoadedModel& loaded, const ScoreRequest& request, data::Dataset rows, Progress& progress) {
  score::check_options(request.score);
  warn_of_zeroed_heads(*loaded.checkpoint, progress);
  ScoreRun run;
  run.calibration = std::move(rows);
  run.scores = score_dataset(loaded.model, run.calibration, request, progress);
  run.scores.model_info.hashes = data::hashes_of(*loaded.checkpoint, loaded.preprocessor);
  return run;
}

score::Scores score_dataset(const engine::Model& model, const data::Dataset& calibration, const ScoreRequest& request,
                            Progress& progress) {
  score::Scores scores = score::score_heads(model, calibration, request.score, progress);
  data::LoadOptions load = request.load;
  load.examples = calibration.size();
  load.max_length = calibration.max_length;
  Json options = {{"task", request.task}};
  options.update(options_json(load));
  options.update(scores.options);
  options["dtype"] = request.execution.dtype;
  scores.options = std::move(options);
  return scores;
}

}  // namespace hies::pipeline
