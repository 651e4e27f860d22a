#include "hies/pipeline/prune_run.h"

#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/eval/layer_latency.h"
#include "hies/eval/quality.h"
#include "hies/pipeline/eval_run.h"
#include "hies/pipeline/model_card.h"
#include "hies/pipeline/plan_run.h"
#include "hies/pipeline/refit_rows.h"
#include "hies/prune/runtimes.h"
#include "hies/refit/masked_tensors.h"
#include "hies/score/statistics/statistic.h"

namespace hies::pipeline {
namespace {

class Job {
 public:
  Job(const PruneRequest& request, Progress& progress) : request_(request), progress_(progress) {}

  PruneRun run() {
    check_request();
    AtomicDirectory output(request_.output, request_.force);
    read_latency_table();
    checkpoint_ = std::make_shared<const arch::Checkpoint>(arch::Checkpoint::open(request_.model, progress_));
    if (table_) prune::check_model(*table_, checkpoint_->hashes(), checkpoint_->spec().layout, request_.budget.latency_table);
    if (!request_.exported.empty()) exports::check_onnx(*checkpoint_);
    // A plan alone needs no run of the model.
    if (needs_model()) whole_.emplace(load_model(checkpoint_, request_.execution));
    find_plan();
    run_.before = checkpoint_->spec().layout;
    run_.after = prune::pruned_layout(run_.plan, run_.before);
    const model::Layout& stored = request_.surgery.keep_shapes ? run_.before : run_.after;
    prune::check_target(request_.budget.target, checkpoint_->family().portability, stored);
    run_.fits = prune::fitting_runtimes(checkpoint_->family().portability, stored);
    if (run_.refit) load_refitted();
    else if (refits()) refit();
    if (request_.evaluation) evaluate_masked();
    const ModelCard card{*checkpoint_,
                         run_.plan,
                         masked_ ? &masked_->result : nullptr,
                         request_.command,
                         request_.surgery.keep_shapes,
                         run_.refit ? &*run_.refit : nullptr,
                         request_.calibration ? fitted_from().string() : std::string()};
    prune::write_pruned(*checkpoint_, run_.plan, request_.surgery, markdown(card), output.folder(), progress_, instead());
    if (!request_.exported.empty()) run_.exported = add_onnx(output.folder(), {}, progress_);
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
    if (!request_.exported.empty() && request_.exported != "onnx")
      throw Error(ErrorKind::bad_input,
                  fmt::format("`export` is '{}', but only onnx is written beside the weights", printable(request_.exported)),
                  "`hies export` writes other forms into a directory of their own");
    refit::check_options(request_.refit);
    if (request_.plan && request_.calibration && !refits())
      bad_input("a plan and calibration data are given, but one of them decides");
    if (refits() && !request_.calibration)
      throw Error(ErrorKind::bad_input, "a refit needs rows to fit with", "give `task` and `calibration`: labels are not needed");
    if (request_.refit_calibration && (!fits() || !request_.calibration || request_.plan))
      throw Error(ErrorKind::bad_input, "`refit_calib` names rows for a refit alone, beside those that are scored",
                  request_.plan ? "with a plan `calib` is what the refit takes" : "give `calib` and `refit` attention or all");
    if (request_.maker && (refits() || request_.stages.stages > 1))
      throw Error(ErrorKind::bad_input, "the method fits what it keeps itself: `refit` and `stages` do not go with it",
                  "leave them out, or take method fisher");
    if (needs_model()) data::task(request_.task);
    if (request_.evaluation) data::check_judged(task());
    if (request_.evaluation) eval::check_options(request_.eval);
    prune::check_target_name(request_.budget.target);
    if (!request_.calibration || request_.plan) return;
    score::check_options(request_.method);
    prune::check_options(request_.budget);
    check_options(request_.stages);
  }

  // A table of another machine or setting is refused before long work.
  void read_latency_table() {
    if (request_.plan || !request_.budget.latency_ratio) return;
    table_ = prune::read_latency_table(request_.budget.latency_table);
    prune::check_setting(*table_, eval::latency_setting(request_.execution), request_.budget.latency_table);
  }

  bool refits() const { return refit::parse_refit_sites(request_.refit.refit) != refit::RefitSites::none; }

  // Returns whether output matrices are fitted to rows.
  bool fits() const { return refits() || request_.maker; }

  void find_plan() {
    if (request_.calibration) load_calibration();
    if (request_.plan) {
      run_.plan = prune::read_plan(*request_.plan);
      prune::check_plan(run_.plan, hashes(), checkpoint_->spec().layout, request_.plan->string(), progress_);
      return;
    }
    ScoreRun scored = run_score(*whole_, score_request(), std::move(calibration_.scored), progress_);
    run_.scores = std::move(scored.scores);
    calibration_.scored = std::move(scored.calibration);
    if (request_.maker) return take_made();
    run_.plan = plan_of_stage(1);
    for (std::int64_t stage = 2; stage <= request_.stages.stages; ++stage) {
      score_again();
      run_.plan = plan_of_stage(stage);
    }
    if (request_.stages.stages > 1) run_.plan.information["stages"] = request_.stages.stages;
  }

  void take_made() {
    prune::BudgetOptions budget = request_.budget;
    if (request_.surgery.keep_shapes) budget.target.clear();
    score::ScoreOptions score = score_request().score;
    MadePlan made = request_.maker({.model = whole_->model,
                                    .checkpoint = checkpoint_,
                                    .scores = *run_.scores,
                                    .method = request_.method,
                                    .budget = budget,
                                    .score = score,
                                    .rows = calibration_,
                                    .execution = request_.execution},
                                   progress_);
    run_.plan = std::move(made.plan);
    run_.refit = std::move(made.refit);
  }

  // Returns the plan of the budget's first `stage` parts, of the scores at hand. It removes what the plan before it does.
  prune::Plan plan_of_stage(std::int64_t stage) const {
    const bool last = stage == request_.stages.stages;
    prune::BudgetOptions budget = request_.budget;
    if (request_.surgery.keep_shapes) budget.target.clear();  // the shapes remain those of the whole model
    if (!last) {
      budget = part_of(budget, static_cast<double>(stage) / static_cast<double>(request_.stages.stages));
      budget.target.clear();  // what runs there is the last stage's matter
    }
    return run_plan(*run_.scores, request_.method, budget, stage == 1 ? nullptr : &run_.plan.removed);
  }

  // Scores what the plan so far leaves, refitted where that is asked for.
  void score_again() {
    formats::TensorMap tensors = refit::masked_tensors(*checkpoint_, run_.plan.removed);
    if (refits()) {
      const refit::Refit fitted = refit_plan();
      for (const auto& [name, tensor] : fitted.whole) tensors[name] = tensor;
    }
    const engine::Model left = engine::Model::load(checkpoint_, request_.execution, tensors);
    run_.scores = score_dataset(left, calibration_.scored, score_request(), progress_);
    run_.scores->model_info.hashes = data::hashes_of(*checkpoint_, whole_->preprocessor);
  }

  ScoreRequest score_request() const {
    ScoreRequest score{request_.model, request_.task, *request_.calibration, request_.load, request_.score, request_.execution};
    score.score.tables = score::tables_of(request_.method);
    // A random plan needs only the model's heads and their cost, and a plan that is there no score, whose loss might ask for labels.
    if (score.score.tables.empty() || request_.plan) score.score.tables = score::weight_statistics();
    score.score.sites = request_.method.sites;
    return score;
  }

  // Of a plan only the refit needs rows.
  void load_calibration() {
    ScoreRequest score = score_request();
    if (request_.refit_calibration) return load_two_files(std::move(score));
    if (request_.plan) score.load.examples = 0;
    const std::optional<std::int64_t> scored = score.load.examples;  // unset: all rows serve for everything but judging
    if (fits() && scored) score.load.examples = rows_wanted(*scored, request_.refit);
    data::Dataset rows = load_calibration_rows(*whole_, score, progress_);
    if (fits()) calibration_ = divide(rows, scored.value_or(rows.size()), request_.refit, progress_);
    else calibration_.scored = std::move(rows);
  }

  void load_two_files(ScoreRequest score) {
    data::Dataset scored = load_calibration_rows(*whole_, score, progress_);
    score.calibration = *request_.refit_calibration;
    score.score.tables = score::weight_statistics();  // a fit needs no labels
    score.load.examples = rows_wanted(0, request_.refit);
    calibration_ = divide(load_calibration_rows(*whole_, score, progress_), 0, request_.refit, progress_);
    calibration_.scored = std::move(scored);
  }

  const std::filesystem::path& fitted_from() const {
    return request_.refit_calibration ? *request_.refit_calibration : *request_.calibration;
  }

  // Fits what the plan leaves, and loads the masked model with it.
  void refit() {
    run_.refit = refit_plan();
    load_refitted();
  }

  void load_refitted() { refitted_.emplace(engine::Model::load(checkpoint_, request_.execution, run_.refit->whole)); }

  refit::Refit refit_plan() const {
    return refit::refit(whole_->model, run_.plan.removed, calibration_.fitted, calibration_.heldout, request_.refit, progress_);
  }

  // The model that the pruned checkpoint must equal, once the plan's units are masked.
  const engine::Model& masked_model() const { return refitted_ ? *refitted_ : whole_->model; }

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
    eval::warn_of_undefined_metrics(task(), data_.dataset, progress_);
    eval::EvalOptions untimed = request_.eval;
    untimed.latency.latency_seconds = 0;
    const eval::EvaluationSubject reference = subject(whole_->model, nullptr, nullptr);
    masked_ = eval::evaluate(task(), subject(masked_model(), &run_.plan, nullptr), &reference, untimed, progress_);
  }

  void look_at_output() {
    const LoadedModel pruned = load_model(request_.output, request_.execution);
    if (!masked_) {
      run_.match = match_pruned(pruned.model, masked_model(), run_.plan, matched_rows(), request_.eval.batch_tokens, progress_);
      return;
    }
    const eval::EvaluationSubject reference = subject(whole_->model, nullptr, &*masked_->reference);
    run_.evaluation = eval::evaluate(task(), subject(pruned.model, nullptr, nullptr), &reference, request_.eval, progress_);
    run_.match = match_logits(run_.evaluation->predictions, masked_->predictions);
    if (table_ && !request_.surgery.keep_shapes && request_.eval.latency.latency_seconds > 0)
      run_.latency = eval::check_prediction(*table_, whole_->model, pruned.model, request_.eval.latency, progress_);
  }

  // Rows that the refit did not see, where there are some.
  const data::Dataset& matched_rows() const {
    return calibration_.heldout.size() > 0  ? calibration_.heldout
           : calibration_.scored.size() > 0 ? calibration_.scored
                                            : calibration_.fitted;
  }
  // Tensors that the refit made. Shapes that are kept have zeros for what is removed.
  const formats::TensorMap& instead() const {
    static const formats::TensorMap kNone;
    if (!run_.refit) return kNone;
    return request_.surgery.keep_shapes ? run_.refit->whole : run_.refit->pruned;
  }

  const data::Task& task() const { return data::task(request_.task); }
  eval::EvaluationSubject subject(const engine::Model& model, const prune::Plan* plan, const eval::Predictions* known) const {
    return {.model = model, .dataset = data_.dataset, .plan = plan, .objective = data_.objective.get(), .known = known};
  }

  const PruneRequest& request_;
  Progress& progress_;
  std::shared_ptr<const arch::Checkpoint> checkpoint_;
  std::optional<LoadedModel> whole_;
  std::optional<prune::LatencyTable> table_;
  CalibrationParts calibration_;
  std::optional<engine::Model> refitted_;
  EvaluationData data_;
  std::optional<eval::Evaluation> masked_;
  PruneRun run_;
};

}  // namespace

PruneRun run_prune(const PruneRequest& request, Progress& progress) { return Job(request, progress).run(); }

}  // namespace hies::pipeline
