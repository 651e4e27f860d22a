#include "hies/prune/budget.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <limits>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/ranges.h>

#include "hies/base/error.h"
#include "hies/prune/latency_budget.h"
#include "hies/prune/plan_information.h"
#include "hies/prune/remaining.h"
#include "hies/prune/removal_order.h"
#include "hies/prune/runtimes.h"
#include "hies/prune/savings.h"

namespace hies::prune {
namespace {

// Returns the FLOPs of the unit's own matrices, those of KV heads that only it reads among them.
double matrix_flops(const PlanInput& input, model::Site site, const std::vector<int>& members) {
  const model::SiteLayout& present = input.layout.at(site);
  double flops = 0;
  for (const int member : members)
    flops += input.unit_costs.at(site)[static_cast<std::size_t>(present.position_of(member))].matrix_flops_per_token;
  if (site.kind == model::SiteKind::ffn) return flops;
  const model::SiteLayout left = remaining(present, members);
  for (std::size_t i = 0; i < present.kv_heads.size(); ++i)
    if (!std::binary_search(left.kv_heads.begin(), left.kv_heads.end(), present.kv_heads[i]))
      flops += input.kv_costs.at(site)[i].matrix_flops_per_token;
  return flops;
}

// Returns what orders the unit: its score, or where scores add up its score for what it costs of the budget.
double order_of(const PlanInput& input, const BudgetOptions& options, model::Site site, const std::vector<int>& members,
                double keep_score) {
  if (!input.additive) return keep_score;
  if (options.latency_ratio) return latency_order(input, site, members, keep_score);
  const double cost = matrix_flops(input, site, members);
  return cost > 0 ? keep_score / cost : keep_score;
}

Units all_units(const PlanInput& input, const BudgetOptions& options) {
  check(input.keep_scores.size() == input.units.size(), "a plan's tables have another number of sites");
  Units units;
  for (const auto& [site, groups] : input.units) {
    const std::vector<double>& keep_scores = input.keep_scores.at(site);
    check(keep_scores.size() == groups.size(), "a plan's tables have another number of units");
    for (std::size_t i = 0; i < groups.size(); ++i) {
      if (!std::isfinite(keep_scores[i]))
        bad_input("keep-score of layer {}, {} {} is {}", site.layer, model::unit_noun(site.kind), fmt::join(groups[i], ", "),
                  keep_scores[i]);
      const bool first = input.before != nullptr && input.before->contains(site, groups[i].front());
      units.push_back(
          {site, groups[i], keep_scores[i],
           first ? -std::numeric_limits<double>::infinity() : order_of(input, options, site, groups[i], keep_scores[i])});
    }
  }
  return units;
}

constexpr std::string_view kBudgets =
    "give one of `ratio`, `ffn_ratio`, `heads`, `params_ratio`, `flops_ratio`, `matrix_flops_ratio`, `latency_ratio`";

void check_share(std::string_view name, const std::optional<double>& share) {
  if (share && !(*share >= 0 && *share <= 1))
    throw Error(ErrorKind::bad_input, fmt::format("{} is {}, but it must be 0 … 1", name, *share), "30 % is 0.3");
}

constexpr std::string_view kKeepFewer =
    "`protect`, `min_heads_per_layer` and `min_neurons_per_layer` keep the others: ask for less, or keep fewer";

// Returns the first `count` units. `asked`: the budget in words.
Units first(const Units& order, std::size_t count, std::string_view asked) {
  if (count > order.size()) {
    const bool heads = std::all_of(order.begin(), order.end(), [](const Unit& unit) {
      return unit.members.size() == 1 && unit.site.kind == model::SiteKind::attention;
    });
    throw Error(ErrorKind::bad_input,
                fmt::format("{} is {} {}, but only {} can be removed", asked, count, heads ? "heads" : "units", order.size()),
                std::string(kKeepFewer));
  }
  return {order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count)};
}

std::size_t count_of(double ratio, std::size_t total) {
  return static_cast<std::size_t>(std::floor(ratio * static_cast<double>(total) + 0.5));
}

// Returns the same share of every layer: `ratio` of its heads, ffn_ratio of its neurons; where only neurons are units, `ratio` of these.
Units uniform_share(const Units& order, const BudgetOptions& options, const model::UnitGroups& groups) {
  const bool heads =
      std::any_of(groups.begin(), groups.end(), [](const auto& entry) { return entry.first.kind == model::SiteKind::attention; });
  Units chosen;
  for (const auto& entry : groups) {
    const model::Site site = entry.first;
    const bool is_ffn = site.kind == model::SiteKind::ffn;
    if (is_ffn ? heads && !options.ffn_ratio : !options.ratio) continue;
    const double ratio = is_ffn ? options.ffn_ratio.value_or(*options.ratio) : *options.ratio;
    Units own;
    std::copy_if(order.begin(), order.end(), std::back_inserter(own), [site](const Unit& unit) { return unit.site == site; });
    const auto asked = fmt::format("{} {} of layer {}", is_ffn && options.ffn_ratio ? "ffn_ratio" : "ratio", ratio, site.layer);
    for (Unit& unit : first(own, count_of(ratio, entry.second.size()), asked)) chosen.push_back(std::move(unit));
  }
  return chosen;
}

// Returns the shortest beginning that has at least so many heads.
Units first_heads(const Units& order, std::int64_t heads) {
  std::int64_t removed = 0;
  std::size_t count = 0;
  while (removed < heads && count < order.size()) removed += std::ssize(order[count++].members);
  if (removed < heads)
    throw Error(ErrorKind::bad_input, fmt::format("the budget is {} heads, but only {} can be removed", heads, removed),
                std::string(kKeepFewer));
  return first(order, count, "the budget");
}

// Returns how many units the shortest beginning of whole steps has after which `saved()` is at least `share`; all of them where none
// has. `remove` takes a unit.
template <class Saved, class Remove>
std::size_t shortest(const RemovalSteps& steps, double share, const Saved& saved, const Remove& remove) {
  std::size_t count = 0, step = 0;
  for (; saved() < share && step < steps.ends.size(); ++step)
    for (; count < steps.ends[step]; ++count) remove(steps.units[count].site, steps.units[count].members);
  return count;
}

// Returns the shortest beginning whose costs are at least `share` of `total`.
template <class Cost>
Units first_share(const PlanInput& input, const RemovalSteps& steps, double share, double total, std::string_view name,
                  std::string_view of, const Cost& cost) {
  if (!(total > 0)) bad_input("{} is a share of the model's {}, but these are {}", name, of, total);
  Savings savings(input.layout, input.unit_costs, input.kv_costs);
  const auto removed = [&] { return cost(savings.total()) / total; };
  const std::size_t count =
      shortest(steps, share, removed, [&](model::Site site, const std::vector<int>& members) { savings.remove(site, members); });
  if (removed() < share)
    throw Error(ErrorKind::bad_input,
                fmt::format("{} is {}, but all units that can be removed hold {} of the model's {}", name, share, removed(), of),
                fmt::format("give a {} of at most {}", name, removed()));
  return first(steps.units, count, name);
}

// Returns the shortest beginning that saves at least `share` of the model's time by the table.
Units first_latency(const PlanInput& input, const RemovalSteps& steps, double share) {
  LatencySavings savings(input);
  const std::size_t count = shortest(
      steps, share, [&] { return savings.share(); },
      [&](model::Site site, const std::vector<int>& members) { savings.remove(site, members); });
  if (savings.share() < share) savings.refuse(share);
  return first(steps.units, count, "`latency_ratio`");
}

double parameters_of(const model::UnitCost& cost) { return static_cast<double>(cost.parameters); }
double flops_of(const model::UnitCost& cost) { return cost.flops_per_token; }
double matrix_flops_of(const model::UnitCost& cost) { return cost.matrix_flops_per_token; }

std::size_t count_of(const Units& units, model::SiteKind kind) {
  return static_cast<std::size_t>(
      std::count_if(units.begin(), units.end(), [kind](const Unit& unit) { return unit.site.kind == kind; }));
}

// Throws where a share is of heads, and only neurons have scores, or the other way round: the plan would remove nothing.
void check_scored(const Units& units, model::SiteKind kind, std::string_view name, const std::optional<double>& share) {
  if (!share || *share == 0 || units.empty() || count_of(units, kind) > 0) return;
  throw Error(ErrorKind::bad_input, fmt::format("`{}` is a share of the {}s, but none have scores", name, model::unit_noun(kind)),
              fmt::format("`sites` says whose units are scored: add {}", model::site_kind_name(kind)));
}

// Returns a share of the heads and one of the neurons.
Units site_shares(const BudgetOptions& options, const Units& units, const Units& order) {
  Units chosen;
  const auto take = [&](model::SiteKind kind, std::string_view name, const std::optional<double>& share) {
    if (!share) return;
    check_scored(units, kind, name, share);
    for (Unit& unit : first(of_kind(order, kind), count_of(*share, count_of(units, kind)), fmt::format("{} {}", name, *share)))
      chosen.push_back(std::move(unit));
  };
  take(model::SiteKind::attention, "ratio", options.ratio);
  take(model::SiteKind::ffn, "ffn_ratio", options.ffn_ratio);
  return chosen;
}

Units choose(const PlanInput& input, const BudgetOptions& options, const Units& units, const Units& order) {
  if (options.heads) return first_heads(of_kind(order, model::SiteKind::attention), *options.heads);
  if ((options.ratio || options.ffn_ratio) && options.uniform) {
    check_scored(units, model::SiteKind::ffn, "ffn_ratio", options.ffn_ratio);
    return uniform_share(order, options, input.units);
  }
  if (options.ratio || options.ffn_ratio) return site_shares(options, units, order);
  if (!input.additive && count_of(units, model::SiteKind::ffn) > 0 && count_of(units, model::SiteKind::attention) > 0)
    throw Error(ErrorKind::bad_input, "one budget for heads and neurons needs a method whose scores compare them",
                "use method fisher, or give each site its own share: `ratio` and `ffn_ratio`");
  const RemovalSteps steps = options.uniform ? uniform_steps(order, input.layout) : single_steps(order);
  if (options.latency_ratio) return first_latency(input, steps, *options.latency_ratio);
  if (options.params_ratio)
    return first_share(input, steps, *options.params_ratio, static_cast<double>(input.parameters), "`params_ratio`", "parameters",
                       parameters_of);
  if (options.matrix_flops_ratio)
    return first_share(input, steps, *options.matrix_flops_ratio, all_matrix_flops(input), "`matrix_flops_ratio`",
                       "FLOPs of the matrices of heads and neurons", matrix_flops_of);
  return first_share(input, steps, *options.flops_ratio, input.flops_per_token, "`flops_ratio`", "FLOPs per token", flops_of);
}

}  // namespace

void check_options(const BudgetOptions& options) {
  const std::array budgets = {std::pair("`ratio`", options.ratio.has_value()),
                              std::pair("`ffn_ratio`", options.ffn_ratio && !options.ratio),  // it goes with `ratio`
                              std::pair("`heads`", options.heads.has_value()),
                              std::pair("`params_ratio`", options.params_ratio.has_value()),
                              std::pair("`flops_ratio`", options.flops_ratio.has_value()),
                              std::pair("`matrix_flops_ratio`", options.matrix_flops_ratio.has_value()),
                              std::pair("`latency_ratio`", options.latency_ratio.has_value())};
  std::string_view given;
  for (const auto& [name, is_given] : budgets) {
    if (!is_given) continue;
    if (!given.empty())
      throw Error(ErrorKind::bad_input, fmt::format("{} and {} are two budgets, but a plan has one", given, name),
                  std::string(kBudgets));
    given = name;
  }
  if (given.empty()) throw Error(ErrorKind::bad_input, "no budget says how much is to be removed", std::string(kBudgets));
  check_share("`ratio`", options.ratio);
  check_share("`ffn_ratio`", options.ffn_ratio);
  check_share("`matrix_flops_ratio`", options.matrix_flops_ratio);
  check_share("`latency_ratio`", options.latency_ratio);
  check_latency_options(options);
  check_share("`params_ratio`", options.params_ratio);
  check_share("`flops_ratio`", options.flops_ratio);
  if (options.heads && *options.heads < 0) bad_input("`heads` is {}, but it must be 0 or more", *options.heads);
  if (options.uniform && options.heads)
    throw Error(ErrorKind::bad_input, "`uniform` does not go with `heads`", "give a share, or leave `uniform` out");
  if (options.min_heads_per_layer < 0)
    bad_input("`min_heads_per_layer` is {}, but it must be 0 or more", options.min_heads_per_layer);
  if (options.min_neurons_per_layer < 0)
    bad_input("`min_neurons_per_layer` is {}, but it must be 0 or more", options.min_neurons_per_layer);
  check_target_name(options.target);
}

Plan make_plan(const PlanInput& input, const BudgetOptions& options) {
  check_options(options);
  const Units units = all_units(input, options);
  const std::int64_t present = input.layout.active_count(model::SiteKind::attention);
  if (options.heads && *options.heads > present) bad_input("`heads` is {}, but the model has only {}", *options.heads, present);
  const Units chosen = choose(input, options, units, removal_order(units, input.layout, options));
  Plan plan;
  plan.model = input.model;
  plan.units = model::unit_name(input.unit_kind);
  std::map<model::Site, std::vector<int>> removed;
  for (const Unit& unit : chosen) removed[unit.site].insert(removed[unit.site].end(), unit.members.begin(), unit.members.end());
  for (const auto& [site, members] : removed) plan.removed.insert(site, members);
  const model::Layout left = pruned_layout(plan, input.layout);
  check_target(options.target, input.portability, left);
  plan.information = plan_information(input, options, plan, std::ssize(chosen), left);
  return plan;
}

}  // namespace hies::prune
