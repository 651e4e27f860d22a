#include "hies/sweep/searched.h"

#include "hies/base/fields.h"
#include "hies/eval/divergence.h"
#include "hies/pipeline/plan_input.h"
#include "hies/pipeline/plan_run.h"
#include "hies/search/evolve.h"
#include "hies/search/finalists.h"
#include "hies/search/greedy.h"

namespace hies::sweep {
namespace {

constexpr std::int64_t kBlock = 64;  // neurons that leave together, as in `hies search`

search::Found find(const std::string& strategy, const search::Space& space, search::Objective& few, search::Objective& objective,
                   const search::SearchOptions& options, Progress& progress) {
  if (strategy == "evolve") return search::evolve(space, few, objective, options, progress);
  return search::found_by(search::greedy(space, objective, options, progress), space);
}

}  // namespace

prune::Plan searched_plan(const baseline::Work& given, const Cell& cell, const RunInputs& data,
                          const std::filesystem::path& folder, Progress& progress) {
  baseline::Work work = given;
  if (work.method.ffn_multiple == 1) work.method.ffn_multiple = kBlock;
  const pipeline::OwnedPlanInput owned(work.scores, work.method);
  const prune::PlanInput input = owned.input();
  const search::Space space(input, work.budget);
  search::SearchOptions options;
  options.strategy = cell.method.name;
  // Other numbers of calibration examples leave other rows to search with.
  Journal journal(folder /
                  fmt::format("{}-{}-n{}-{}.jsonl", data.run.name, cell.sites, work.scored.size(), cell.seed.value_or(0)));
  const search::Deadline deadline(std::nullopt);
  const std::int64_t few_rows = std::min(options.few_examples, work.fitted.size());
  search::Objective few("few", work.model, data::examples_between(work.fitted, 0, few_rows), options.batch_tokens, journal,
                        deadline);
  search::Objective objective("objective", work.model, work.fitted, options.batch_tokens, journal, deadline);
  search::Objective choice("choice", work.model, work.heldout, options.batch_tokens, journal, deadline);
  const prune::Plan of_scores = pipeline::run_plan(work.scores, work.method, work.budget);
  const search::Found found = find(cell.method.name, space, few, objective, options, progress);
  std::vector<search::Finalist> finalists = {{cell.method.name, found.removed}};
  for (const model::UnitSet& other : found.others)
    finalists.push_back({fmt::format("{} {}", cell.method.name, finalists.size() + 1), other});
  finalists.push_back({"scores", of_scores.removed});
  const std::size_t chosen = search::choose(finalists, objective, choice, work.model, {}, progress);
  const baseline::Baseline named{.name = cell.method.name, .description = {}, .scorer = work.method.method};
  prune::Plan plan = baseline::plan_of(work, named, finalists[chosen].removed);
  Json judged = Json::array();
  for (const search::Finalist& finalist : finalists)
    judged.push_back({{"name", finalist.name}, {"objective", finalist.objective}, {"choice", finalist.choice}});
  plan.information["search"] = {{"divergence", eval::divergence_name(work.model.spec().problem)},
                                {"options", options_json(options)},
                                {"rows",
                                 {{"objective", {{"examples", work.fitted.size()}, {"hash", work.fitted.hash}}},
                                  {"choice", {{"examples", work.heldout.size()}, {"hash", work.heldout.hash}}}}},
                                {"finalists", std::move(judged)},
                                {"chosen", finalists[chosen].name},
                                {"candidates", found.candidates},
                                {"steps", found.steps}};
  return plan;
}

}  // namespace hies::sweep
