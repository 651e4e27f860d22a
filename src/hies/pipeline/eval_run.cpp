#include "hies/pipeline/eval_run.h"

#include "hies/base/fields.h"
#include "hies/data/load_dataset.h"
#include "hies/eval/quality.h"
#include "hies/prune/plan.h"
#include "hies/score/objectives/objectives.h"

namespace hies::pipeline {
namespace {

std::optional<prune::Plan> read_plan(const EvalRequest& request, const LoadedModel& loaded, Progress& progress) {
  if (!request.plan) return std::nullopt;
  prune::Plan plan = prune::read_plan(*request.plan);
  prune::check_plan(plan, data::hashes_of(*loaded.checkpoint, loaded.preprocessor), loaded.model.spec().layout,
                    request.plan->string(), progress);
  return plan;
}

eval::EvaluationSubject subject(const LoadedModel& loaded, const EvaluationData& data, const prune::Plan* plan) {
  return {.model = loaded.model, .dataset = data.dataset, .plan = plan, .objective = data.objective.get(), .known = nullptr};
}

Json resolved(const EvalRequest& request, const EvaluationData& data, const Json& eval_options) {
  data::LoadOptions load = request.load;
  load.examples = data.dataset.size();
  load.max_length = data.dataset.max_length;
  Json options = {{"plan", request.plan ? Json(request.plan->string()) : Json()},
                  {"loss", data.objective ? Json(data.objective->name()) : Json()}};
  options.update(options_json(load));
  options.update(eval_options);
  options["dtype"] = request.execution.dtype;
  return options;
}

}  // namespace

std::vector<std::string> class_names(const model::ModelSpec& spec) {
  return spec.problem == model::Problem::classification ? spec.labels : std::vector<std::string>();
}

EvaluationData load_evaluation(const LoadedModel& loaded, const data::Task& task, const std::filesystem::path& file,
                               data::LoadOptions load, const std::string& loss, Progress& progress) {
  return load_evaluation(*loaded.checkpoint, loaded.preprocessor, task, file, std::move(load), loss, progress,
                         loaded.model.execution().threads);
}

EvaluationData load_evaluation(const arch::Checkpoint& checkpoint, const data::Preprocessor& preprocessor, const data::Task& task,
                               const std::filesystem::path& file, data::LoadOptions load, const std::string& loss,
                               Progress& progress, int threads) {
  data::check_judged(task);
  load.labels = data::LabelNeed::if_present;
  EvaluationData data;
  data.dataset = data::load_dataset(file, task, load, checkpoint, preprocessor, progress, threads);
  const std::string& name = loss.empty() ? task.loss : loss;
  if (loss.empty() && !data.dataset.has_labels && score::find_objective(name).needs_labels) return data;
  std::vector<double> labels;
  if (data.dataset.has_labels)
    for (const data::Example& example : data.dataset.examples) labels.push_back(example.label);
  data.objective = score::make_objective(name, checkpoint.spec(), labels);
  return data;
}

EvalRun run_eval(const EvalRequest& request, Progress& progress) {
  const data::Task& task = data::task(request.task);
  eval::check_options(request.eval);
  const LoadedModel loaded = load_model(request.model, request.execution, progress);
  const std::optional<prune::Plan> plan = read_plan(request, loaded, progress);
  EvaluationData mine = load_evaluation(loaded, task, request.data, request.load, request.loss, progress);
  eval::warn_of_undefined_metrics(task, mine.dataset, progress);
  const eval::EvaluationSubject model = subject(loaded, mine, plan ? &*plan : nullptr);

  EvalRun run;
  if (request.reference) {
    const LoadedModel other = load_model(*request.reference, request.execution, progress);
    const EvaluationData theirs = load_evaluation(other, task, request.data, request.load, request.loss, progress);
    const eval::EvaluationSubject reference = subject(other, theirs, nullptr);
    run.evaluation = eval::evaluate(task, model, &reference, request.eval, progress);
  } else if (plan) {
    const eval::EvaluationSubject unmasked = subject(loaded, mine, nullptr);
    run.evaluation = eval::evaluate(task, model, &unmasked, request.eval, progress);
  } else {
    run.evaluation = eval::evaluate(task, model, nullptr, request.eval, progress);
  }
  run.evaluation.result.options = resolved(request, mine, run.evaluation.result.options);
  run.dataset = std::move(mine.dataset);
  run.labels = class_names(loaded.checkpoint->spec());
  return run;
}

}  // namespace hies::pipeline
