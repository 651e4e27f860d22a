#include "hies/baseline/equal_shares.h"

#include <cmath>

#include "hies/base/error.h"
#include "hies/prune/plan_information.h"
#include "hies/prune/savings.h"

namespace hies::baseline {
namespace {

using Counts = std::map<model::Site, std::size_t>;

constexpr int kShares = 2000;  // shares that are tried: 1/2000, 2/2000, …

std::size_t count_of(double share, std::size_t units) {
  return static_cast<std::size_t>(std::floor(share * static_cast<double>(units) + 0.5));
}

// Returns the share of the budget that the counts use.
double used(const prune::PlanInput& input, const prune::BudgetOptions& budget, const Counts& counts) {
  prune::Savings savings(input.layout, input.unit_costs, input.kv_costs);
  std::int64_t heads = 0;
  for (const auto& [site, groups] : input.units)
    for (std::size_t i = 0; i < counts.at(site); ++i) {
      savings.remove(site, groups[i]);
      if (site.kind == model::SiteKind::attention) heads += std::ssize(groups[i]);
    }
  const model::UnitCost& saved = savings.total();
  if (budget.heads) return static_cast<double>(heads) / std::max(1.0, static_cast<double>(*budget.heads));
  if (budget.params_ratio)
    return static_cast<double>(saved.parameters) / static_cast<double>(input.parameters) / *budget.params_ratio;
  if (budget.flops_ratio) return saved.flops_per_token / input.flops_per_token / *budget.flops_ratio;
  return saved.matrix_flops_per_token / prune::all_matrix_flops(input) / *budget.matrix_flops_ratio;
}

}  // namespace

Counts equal_shares(const prune::PlanInput& input, const prune::BudgetOptions& budget) {
  prune::check_options(budget);
  if (!budget.protect.empty() || budget.min_heads_per_layer > 0 || budget.min_neurons_per_layer > 0)
    unsupported(
        "a method that removes the same share of every site cannot keep more of some: leave `protect` and the least numbers out");
  if (budget.latency_ratio) unsupported("a method that removes the same share of every site takes no `latency_ratio`");
  Counts counts;
  const auto set = [&](double heads, double neurons) {
    for (const auto& [site, groups] : input.units)
      counts[site] = count_of(site.kind == model::SiteKind::ffn ? neurons : heads, groups.size());
  };
  if (budget.ratio || budget.ffn_ratio) {
    set(budget.ratio.value_or(0), budget.ffn_ratio.value_or(0));
    return counts;
  }
  for (int step = 0; step <= kShares; ++step) {
    const double share = static_cast<double>(step) / kShares;
    set(share, share);
    if (used(input, budget, counts) >= 1) return counts;
  }
  throw Error(ErrorKind::bad_input, "all units together do not meet the budget", "ask for less");
}

}  // namespace hies::baseline
