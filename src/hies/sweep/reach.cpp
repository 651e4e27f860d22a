#include "hies/sweep/reach.h"

#include <optional>

#include <fmt/ranges.h>

#include "hies/base/error.h"
#include "hies/evidence/records.h"
#include "hies/model/cost.h"
#include "hies/pipeline/plan_run.h"

namespace hies::sweep {
namespace {

// FLOPs are of sequences of so many tokens: what can be reached hardly depends on it.
constexpr double kTokens = 32;
// A method that compares units of all sites. Which can be removed depends on no score.
constexpr const char* kMethod = "fisher";

// Returns scores by which every unit is worth nothing.
score::Scores zero_scores(const arch::Checkpoint& checkpoint) {
  const model::ModelSpec& spec = checkpoint.spec();
  const model::ModelCost whole = model::model_cost(spec, kTokens);
  score::Scores scores;
  scores.model_info.model_type = spec.model_type;
  scores.layout = spec.layout;
  scores.cost = {whole.parameters, whole.flops_per_token, kTokens, {}, {}};
  const auto put_first = [](const model::UnitTable<model::UnitCost>& table, std::map<model::Site, model::UnitCost>& costs) {
    for (const auto& [site, row] : table) costs[site] = row.empty() ? model::UnitCost{} : row.front();
  };
  model::UnitTable<double>& zeros = scores.tables[std::string(kMethod)];
  for (const model::SiteKind kind : {model::SiteKind::attention, model::SiteKind::ffn}) {
    put_first(model::unit_costs(spec, kind, kTokens), scores.cost.per_unit);
    for (const auto& [site, row] : model::UnitTable<double>(spec.layout, kind)) zeros[site] = row;
  }
  put_first(model::kv_head_costs(spec), scores.cost.per_kv_head);
  return scores;
}

// Returns the error of a plan for the cell.
std::optional<Error> error_of(const score::Scores& scores, const SweepOptions& options, const Cell& cell) {
  score::MethodOptions method = options.method;
  method.method = kMethod;
  method.sites = cell.sites;
  try {
    pipeline::run_plan(scores, method, cell_budget(options, cell));
  } catch (const Error& error) {
    return error;
  }
  return std::nullopt;
}

}  // namespace

std::vector<Cell> unreachable_cells(const arch::Checkpoint& checkpoint, const SweepOptions& options, const std::string& run,
                                    Progress& progress) {
  const score::Scores scores = zero_scores(checkpoint);
  std::vector<Cell> unreachable;
  for (const GridBudget& budget : grid_budgets(options)) {
    for (const double share : budget.shares) {
      std::optional<Error> last;
      bool any = false;
      for (const std::string& sites : parse_sites(options.sites)) {
        Cell cell;
        cell.sites = sites;
        cell.budget = budget.name;
        cell.ratio = share;
        std::optional<Error> problem;
        for (const std::string& name : options.methods) {
          cell.method = parse_method(name);
          if (!problem && no_cells_because(cell.method, sites, budget.name).empty()) problem = error_of(scores, options, cell);
        }
        if (problem && cell.budget == evidence::kRatioBudget) throw *problem;
        any = any || !problem;
        if (!problem) continue;
        last = problem;
        unreachable.push_back(cell);
      }
      if (!any && last) throw *last;
    }
  }
  for (const std::string& sites : parse_sites(options.sites))
    for (const GridBudget& budget : grid_budgets(options)) {
      std::vector<double> shares;
      for (const Cell& cell : unreachable)
        if (cell.sites == sites && cell.budget == budget.name) shares.push_back(cell.ratio);
      if (!shares.empty())
        progress.warn(fmt::format("{}: units of sites {} alone cannot meet `{}` {}: no cells of these", run, sites,
                                  budget.options, fmt::join(shares, ", ")));
    }
  return unreachable;
}

}  // namespace hies::sweep
