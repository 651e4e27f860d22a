#include "hies/pipeline/prune_run.h"

#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/pipeline/eval_run.h"
#include "hies/pipeline/model_card.h"
#include "hies/pipeline/plan_run.h"
#include "hies/prune/runtimes.h"
#include "hies/score/statistics/statistic.h"

namespace hies::pipeline {
namespace {

class Job {
 public:
  Job(const PruneRequest& request, Progress& progress) : request_(request), progress_(progress) {}

  PruneRun run() {
    check_request();
    AtomicDirectory output(request_.output, request_.force);
    checkpoint_ = std::make_shared<const arch::Checkpoint>(arch::Checkpoint::open(request_.model, progress_));
    // A plan alone needs no run of the model.
    if (needs_model()) whole_.emplace(load_model(checkpoint_, request_.execution));
    find_plan();
    run_.before = checkpoint_->spec().layout;
    run_.after = prune::pruned_layout(run_.plan, run_.before);
    const model::Layout& stored = request_.surgery.keep_shapes ? run_.before : run_.after;
    prune::check_target(request_.budget.target, checkpoint_->family().portability, stored);
    run_.fits = prune::fitting_runtimes(checkpoint_->family().portability, stored);
    if (request_.evaluation) evaluate_masked();
    const ModelCard card{*checkpoint_, run_.plan, masked_ ? &masked_->result : nullptr, request_.command,
                         request_.surgery.keep_shapes};
    prune::write_pruned(*checkpoint_, run_.plan, request_.surgery, markdown(card), output.folder(), progress_);
    output.commit();
    if (needs_model()) look_at_output();
    return std::move(run_);
  }

 private:
  bool needs_model() const { return request_.calibration || request_.evaluation; }

  void check_request() const {
    if (!request_.plan && !request_.calibration)
      throw Error(ErrorKind::bad_input, "which heads to remove is not said",
                  "give `plan`, or `task` and `calibration` with a budget such as `ratio` 0.3");
    if (request_.plan && request_.calibration) bad_input("a plan and calibration data are given, but one of them decides");
    if (needs_model()) data::task(request_.task);
    if (request_.evaluation) data::check_judged(task());
    if (request_.evaluation) eval::check_options(request_.eval);
    prune::check_target_name(request_.budget.target);
    if (!request_.calibration) return;
    score::check_options(request_.method);
    prune::check_options(request_.budget);
  }

  void find_plan() {
    if (request_.plan) {
      run_.plan = prune::read_plan(*request_.plan);
      prune::check_plan(run_.plan, hashes(), checkpoint_->spec().layout, request_.plan->string(), progress_);
      return;
    }
    ScoreRequest score{request_.model, request_.task, *request_.calibration, request_.load, request_.score, request_.execution};
    const auto& tables = score::find_method(request_.method.method).tables;
    score.score.tables.assign(tables.begin(), tables.end());
    // A random plan needs only the model's heads and their cost.
    if (tables.empty()) score.score.tables = score::weight_statistics();
    ScoreRun scored = run_score(*whole_, score, progress_);
    prune::BudgetOptions budget = request_.budget;
    if (request_.surgery.keep_shapes) budget.target.clear();  // the shapes remain those of the whole model
    run_.plan = run_plan(scored.scores, request_.method, budget);
    run_.scores = std::move(scored.scores);
    calibration_ = std::move(scored.calibration);
  }

  // A plan can be carried out without a tokenizer or image processor, so it is no error here that there is none.
  model::ModelHashes hashes() const {
    if (whole_) return data::hashes_of(*checkpoint_, whole_->preprocessor);
    try {
      return data::hashes_of(*checkpoint_, data::load_preprocessor(*checkpoint_));
    } catch (const Error&) {
      return checkpoint_->hashes();
    }
  }

  // Measurements for the model card, and the answers that the pruned checkpoint must give.
  void evaluate_masked() {
    data::LoadOptions load = request_.load;
    load.examples.reset();
    load.order = "file";
    data_ = load_evaluation(*whole_, task(), *request_.evaluation, load, "", progress_);
    eval::EvalOptions untimed = request_.eval;
    untimed.latency.latency_seconds = 0;
    const eval::EvaluationSubject reference = subject(whole_->model, nullptr, nullptr);
    masked_ = eval::evaluate(task(), subject(whole_->model, &run_.plan, nullptr), &reference, untimed, progress_);
  }

  void look_at_output() {
    const LoadedModel pruned = load_model(request_.output, request_.execution);
    if (!masked_) {
      run_.match = match_pruned(pruned.model, whole_->model, run_.plan, calibration_, request_.eval.batch_tokens, progress_);
      return;
    }
    const eval::EvaluationSubject reference = subject(whole_->model, nullptr, &*masked_->reference);
    run_.evaluation = eval::evaluate(task(), subject(pruned.model, nullptr, nullptr), &reference, request_.eval, progress_);
    run_.match = match_logits(run_.evaluation->predictions, masked_->predictions);
  }

  const data::Task& task() const { return data::task(request_.task); }
  eval::EvaluationSubject subject(const engine::Model& model, const prune::Plan* plan, const eval::Predictions* known) const {
    return {.model = model, .dataset = data_.dataset, .plan = plan, .objective = data_.objective.get(), .known = known};
  }

  const PruneRequest& request_;
  Progress& progress_;
  std::shared_ptr<const arch::Checkpoint> checkpoint_;
  std::optional<LoadedModel> whole_;
  data::Dataset calibration_;
  EvaluationData data_;
  std::optional<eval::Evaluation> masked_;
  PruneRun run_;
};

}  // namespace

PruneRun run_prune(const PruneRequest& request, Progress& progress) { return Job(request, progress).run(); }

}  // namespace hies::pipeline
