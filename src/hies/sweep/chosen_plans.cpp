#include "hies/sweep/chosen_plans.h"

#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/sweep/planner.h"
#include "hies/sweep/searched.h"

namespace hies::sweep {
namespace {

// Returns "minilm-sst2-kwon-attention,ffn-matrix_flops_ratio0.5-ce-n32-0".
std::string name_of(const RunInputs& data, const SweepOptions& options, const Cell& cell) {
  const auto [seed, examples] = rows_of(cell, options);
  return fmt::format("{}-{}-{}-{}{}-{}-n{}-{}", data.run.name, cell.method.name, cell.sites, cell.budget, cell.ratio,
                     cell.loss.value_or("none"), examples, seed);
}

}  // namespace

CellWork cell_work(const RunInputs& data, const SweepOptions& options, const ScoredRun& scored, const Cell& cell) {
  const auto [seed, examples] = rows_of(cell, options);
  const ScoredRun::Entry* entry = scored.find(cell.loss.value_or(data.losses.front()), seed, examples);
  check(entry != nullptr, "all that a cell needs is scored");
  return {refit_rows(data, options, seed, examples), entry->scores};
}

baseline::Work CellWork::work(const RunInputs& data, const SweepOptions& options, const engine::Model& model,
                              const Cell& cell) const {
  score::MethodOptions method = options.method;
  method.method = cell.method.scorer;
  method.sites = cell.sites;
  score::ScoreOptions score = options.score;
  score.loss = cell.loss.value_or(data.losses.front());
  score.sites = cell.sites;
  return {.model = model,
          .checkpoint = data.checkpoint,
          .scores = scores,
          .method = method,
          .budget = cell_budget(options, cell),
          .score = score,
          .scored = rows.scored,
          .fitted = rows.fitted,
          .heldout = rows.heldout,
          .execution = options.execution};
}

ChosenPlans::ChosenPlans(const RunInputs& data, const SweepOptions& options, const ScoredRun& scored, const engine::Model& model,
                         const std::filesystem::path& folder)
    : data_(data), options_(options), scored_(scored), model_(model), folder_(folder / "plans") {}

prune::Plan ChosenPlans::make_one(const Cell& cell, Progress& progress) const {
  const CellWork parts = cell_work(data_, options_, scored_, cell);
  const baseline::Work work = parts.work(data_, options_, model_, cell);
  prune::Plan plan;
  if (cell.method.baseline != nullptr) {
    const baseline::Baseline& made = *cell.method.baseline;
    plan = baseline::plan_of(work, made, made.removes_units ? made.select(work, progress) : model::UnitSet());
  } else {
    plan = searched_plan(work, cell, data_, folder_, progress);
  }
  plan.model = data_.model;
  return plan;
}

void ChosenPlans::make(const std::vector<Cell>& cells, Progress& progress) {
  for (const Cell& cell : cells) {
    if (!cell.method.chooses()) continue;
    const std::string name = name_of(data_, options_, cell);
    if (plans_.contains(name)) continue;
    const std::filesystem::path file = folder_ / (name + ".json");
    if (is_there(file)) {
      prune::Plan plan = prune::read_plan(file);
      prune::check_plan(plan, data_.model, data_.checkpoint->spec().layout, file.string());
      plans_.emplace(name, std::move(plan));
      continue;
    }
    Progress::throw_if_cancelled();
    create_folder(folder_);
    prune::Plan plan = make_one(cell, progress);
    prune::write_plan(file, plan, false);
    plans_.emplace(name, std::move(plan));
  }
}

const prune::Plan* ChosenPlans::find(const Cell& cell) const {
  if (!cell.method.chooses()) return nullptr;
  const auto found = plans_.find(name_of(data_, options_, cell));
  return found == plans_.end() ? nullptr : &found->second;
}

}  // namespace hies::sweep
