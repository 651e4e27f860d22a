#include "hies/search/search.h"

#include <algorithm>

#include "hies/arch/family.h"
#include "hies/base/error.h"
#include "hies/base/fields.h"
#include "hies/base/files.h"
#include "hies/base/journal.h"
#include "hies/data/load_dataset.h"
#include "hies/eval/quality.h"
#include "hies/pipeline/eval_run.h"
#include "hies/pipeline/loaded_model.h"
#include "hies/pipeline/plan_input.h"
#include "hies/pipeline/plan_run.h"
#include "hies/pipeline/score_run.h"
#include "hies/prune/plan_information.h"
#include "hies/prune/runtimes.h"
#include "hies/score/statistics/statistic.h"
#include "hies/search/anneal.h"
#include "hies/search/evolve.h"
#include "hies/search/folder.h"
#include "hies/search/greedy.h"
#include "hies/search/objective.h"
#include "hies/search/provenance.h"
#include "hies/search/rows.h"
#include "hies/search/space.h"

namespace hies::search {
namespace {

SearchRequest resolved(SearchRequest request) {
  check_options(request.search);
  score::check_options(request.method);
  prune::check_options(request.budget);
  eval::check_options(request.eval);
  refit::parse_refit_sites(request.refit.refit);
  request.score.tables = score::tables_of(request.method);
  if (request.score.tables.empty()) request.score.tables = score::weight_statistics();
  request.score.sites = request.method.sites;
  score::check_options(request.score);
  const data::Task& task = data::task(request.task);
  if (request.evaluation) data::check_judged(task);
  set_default_rows(task, request.load, request.search);
  return request;
}

class Job {
 public:
  Job(const SearchRequest& request, Progress& progress)
      : request_(resolved(request)), progress_(progress), deadline_(request.search.minutes) {}

  SearchRun run() {
    const JobFolder folder(request_.output, {"search", "searching into", kSearchFile});
    loaded_.emplace(pipeline::load_model(request_.model, request_.execution, progress_));
    load_rows();
    hashes_ = data::hashes_of(*loaded_->checkpoint, loaded_->preprocessor);
    const prune::BudgetOptions& budget = request_.budget;
    const Json mine = search_json(request_, hashes_, rows_);
    const bool resumes = is_there(folder.path() / kSearchFile);
    if (resumes) claim(folder, mine);
    const score::Scores scores = find_scores(folder, resumes);
    const prune::Plan of_scores = pipeline::run_plan(scores, request_.method, budget);  // refuses budgets that cannot be met
    const pipeline::OwnedPlanInput owned(scores, request_.method);
    const prune::PlanInput input = owned.input();
    const Space space(input, budget);
    if (!resumes) claim(folder, mine);
    score::write_scores(folder.path() / kScoresFile, scores, true);
    Journal journal(folder.path() / kJournalFile);
    try {
      search(space, journal, of_scores);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::interrupted) throw;
      throw Error(ErrorKind::interrupted,
                  fmt::format("interrupted: {} evaluations are in {}", journal.count(), journal.file().string()),
                  "run the same command again to resume");
    }
    run_.plan = plan_of(input);
    run_.fits = prune::fitting_runtimes(input.portability, prune::pruned_layout(run_.plan, input.layout));
    put_provenance(request_, run_, run_.plan);
    for (const auto& [key, value] : of_scores.information.items())
      if (key == "method" || key == "scores") run_.plan.information[key] = value;
    prune::write_plan(folder.path() / kPlanFile, run_.plan, true);
    if (request_.evaluation) evaluate();
    write_file(folder.path() / kResultFile, pretty(to_json(run_)), true);
    return std::move(run_);
  }

 private:
  void load_rows() {
    const std::int64_t examples = *request_.load.examples, choice = *request_.search.choice_examples;
    pipeline::ScoreRequest rows = score_request();
    rows.load.examples = examples + choice;
    rows_ = divide(pipeline::load_calibration_rows(*loaded_, rows, progress_), examples, choice, progress_);
    if (!request_.evaluation) return;
    data::LoadOptions load = request_.load;
    load.examples.reset();
    load.order = "file";
    evaluation_ = pipeline::load_evaluation(*loaded_, data::task(request_.task), *request_.evaluation, load, "", progress_);
    eval::warn_of_undefined_metrics(data::task(request_.task), evaluation_.dataset, progress_);
    warn_of_shared_rows(rows_, evaluation_.dataset, progress_);
  }

  pipeline::ScoreRequest score_request() const {
    return {request_.model, request_.task, request_.calibration, request_.load, request_.score, request_.execution};
  }

  score::Scores find_scores(const JobFolder& folder, bool resumes) const {
    const std::filesystem::path file = folder.path() / kScoresFile;
    if (resumes && is_there(file)) return score::read_scores(file);
    return pipeline::run_score(*loaded_, score_request(), rows_.objective, progress_).scores;
  }

  void search(const Space& space, Journal& journal, const prune::Plan& of_scores) {
    const std::int64_t batch_tokens = request_.search.batch_tokens;
    const std::int64_t few_rows = std::min(request_.search.few_examples, rows_.objective.size());
    Objective few("few", loaded_->model, data::examples_between(rows_.objective, 0, few_rows), batch_tokens, journal, deadline_);
    Objective objective("objective", loaded_->model, std::move(rows_.objective), batch_tokens, journal, deadline_);
    Objective choice("choice", loaded_->model, std::move(rows_.choice), batch_tokens, journal, deadline_);
    run_.known_masks = few.known_count() + objective.known_count();
    const std::string& strategy = request_.search.strategy;
    if (strategy == "evolve") run_.found = evolve(space, few, objective, request_.search, progress_);
    else if (strategy == "anneal") run_.found = anneal(space, objective, request_.search, progress_);
    else run_.found = found_by(greedy(space, objective, request_.search, progress_), space);
    run_.strategy = strategy;
    run_.layout = loaded_->model.spec().layout;
    run_.divergence = eval::divergence_name(loaded_->model.spec().problem);
    run_.units = std::ssize(space.units());
    for (const Objective* rows : {&few, &objective}) {
      run_.masks.add(rows->stats());
      run_.seconds += rows->seconds();
    }
    run_.finalists.push_back({strategy, run_.found.removed});
    for (const model::UnitSet& other : run_.found.others)
      run_.finalists.push_back({fmt::format("{} {}", strategy, run_.finalists.size() + 1), other});
    run_.finalists.push_back({"scores", of_scores.removed});
    run_.chosen = choose(run_.finalists, objective, choice, loaded_->model, request_.refit, progress_);
    const Finalist &plan = chosen(), &scores = run_.finalists.back();
    run_.objective = on_rows(objective.rows(), request_.calibration, plan.objective, scores.objective);
    run_.choice = on_rows(choice.rows(), request_.calibration, plan.choice, scores.choice);
  }

  const Finalist& chosen() const { return run_.finalists[run_.chosen]; }

  static OnRows on_rows(const data::Dataset& rows, const std::filesystem::path& file, double plan, double scores) {
    return {file.string(), rows.hash, rows.size(), plan, scores};
  }

  prune::Plan plan_of(const prune::PlanInput& input) const {
    prune::Plan plan;
    plan.model = hashes_;
    plan.units = model::unit_name(input.unit_kind);
    plan.removed = chosen().removed;
    const model::Layout left = prune::pruned_layout(plan, input.layout);
    prune::check_target(request_.budget.target, input.portability, left);
    plan.information = prune::plan_information(input, request_.budget, plan, unit_count(input, plan.removed), left);
    return plan;
  }

  // Returns how many units a set is.
  static std::int64_t unit_count(const prune::PlanInput& input, const model::UnitSet& removed) {
    std::int64_t count = 0;
    for (const auto& [site, groups] : input.units)
      count += std::count_if(groups.begin(), groups.end(),
                             [&](const std::vector<int>& members) { return removed.contains(site, members.front()); });
    return count;
  }

  void evaluate() {
    eval::Divergence divergence(loaded_->model, evaluation_.dataset, request_.search.batch_tokens, progress_);
    const std::vector<model::UnitSet> masks = {chosen().removed, run_.finalists.back().removed};
    const std::vector<double> values = divergence.of(masks, nullptr, progress_);
    run_.evaluation_rows = on_rows(evaluation_.dataset, *request_.evaluation, values[0], values[1]);
    eval::EvalOptions untimed = request_.eval;
    untimed.latency.latency_seconds = 0;
    const auto subject = [&](const prune::Plan* plan) {
      return eval::EvaluationSubject{.model = loaded_->model,
                                     .dataset = evaluation_.dataset,
                                     .plan = plan,
                                     .objective = evaluation_.objective.get(),
                                     .known = nullptr};
    };
    const eval::EvaluationSubject reference = subject(nullptr);
    run_.evaluation = eval::evaluate(data::task(request_.task), subject(&run_.plan), &reference, untimed, progress_);
  }

  const SearchRequest request_;
  Progress& progress_;
  const Deadline deadline_;
  std::optional<pipeline::LoadedModel> loaded_;
  model::ModelHashes hashes_;
  SearchRows rows_;
  pipeline::EvaluationData evaluation_;
  SearchRun run_;
};

}  // namespace

score::MethodOptions method_options() {
  score::MethodOptions options;
  options.method = "fisher";
  options.ffn_multiple = 64;
  return options;
}

score::ScoreOptions score_options() {
  score::ScoreOptions options;
  options.loss = "logit-norm";
  return options;
}

SearchRun run_search(const SearchRequest& request, Progress& progress) { return Job(request, progress).run(); }

}  // namespace hies::search
