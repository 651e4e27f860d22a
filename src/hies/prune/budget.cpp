#include "hies/prune/budget.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/ranges.h>

#include "hies/base/error.h"
#include "hies/base/fields.h"
#include "hies/prune/protect.h"
#include "hies/prune/runtimes.h"
#include "hies/prune/savings.h"

namespace hies::prune {
namespace {

// What goes or stays as a whole.
struct Unit {
  int layer = 0;
  std::vector<int> heads;  // query heads, original indices, ascending
  double keep_score = 0;
};

using Units = std::vector<Unit>;

Units all_units(const PlanInput& input) {
  check(input.units.size() == input.layout.size() && input.keep_scores.size() == input.layout.size(),
        "a plan's tables have another number of layers");
  Units units;
  for (std::size_t layer = 0; layer < input.layout.size(); ++layer) {
    check(input.keep_scores[layer].size() == input.units[layer].size(), "a plan's tables have another number of units");
    for (std::size_t i = 0; i < input.units[layer].size(); ++i) {
      const std::vector<int>& heads = input.units[layer][i];
      const double keep_score = input.keep_scores[layer][i];
      if (!std::isfinite(keep_score))
        bad_input("keep-score of layer {}, head {} is {}", layer, fmt::join(heads, ", "), keep_score);
      units.push_back({static_cast<int>(layer), heads, keep_score});
    }
  }
  return units;
}

constexpr std::string_view kBudgets = "give one of `ratio`, `heads`, `params_ratio`, `flops_ratio`";

void check_share(std::string_view name, const std::optional<double>& share) {
  if (share && !(*share >= 0 && *share <= 1))
    throw Error(ErrorKind::bad_input, fmt::format("{} is {}, but it must be 0 … 1", name, *share), "30 % is 0.3");
}

// The units that may go, in the order in which they go. The same for every budget: a smaller plan is a part of a larger one.
Units removal_order(Units units, const model::HeadLayout& layout, const BudgetOptions& options) {
  const std::set<model::HeadId> kept = parse_protect(options.protect, layout);
  std::sort(units.begin(), units.end(), [](const Unit& a, const Unit& b) {
    return std::tie(a.keep_score, a.layer, a.heads) < std::tie(b.keep_score, b.layer, b.heads);
  });
  std::vector<std::int64_t> spare;  // heads that a layer can still lose
  for (const model::LayerHeads& layer : layout) spare.push_back(std::ssize(layer.live()) - options.min_heads_per_layer);
  std::erase_if(units, [&](const Unit& unit) {
    std::int64_t& left = spare[static_cast<std::size_t>(unit.layer)];
    const auto count = static_cast<std::int64_t>(unit.heads.size());
    if (left < count) return true;
    if (std::any_of(unit.heads.begin(), unit.heads.end(), [&](int head) { return kept.contains({unit.layer, head}); }))
      return true;
    left -= count;
    return false;
  });
  return units;
}

constexpr std::string_view kKeepFewer = "`protect` and `min_heads_per_layer` keep the others: ask for less, or keep fewer";

// `asked`: the budget in words.
Units first(const Units& order, std::size_t count, std::string_view asked) {
  if (count > order.size()) {
    const bool single = std::all_of(order.begin(), order.end(), [](const Unit& unit) { return unit.heads.size() == 1; });
    throw Error(ErrorKind::bad_input,
                fmt::format("{} is {} {}, but only {} can go", asked, count, single ? "heads" : "units", order.size()),
                std::string(kKeepFewer));
  }
  return {order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count)};
}

std::size_t count_of(double ratio, std::size_t total) {
  return static_cast<std::size_t>(std::floor(ratio * static_cast<double>(total) + 0.5));
}

Units uniform_share(const Units& order, double ratio, const model::UnitLayout& units) {
  Units chosen;
  for (std::size_t layer = 0; layer < units.size(); ++layer) {
    Units own;
    std::copy_if(order.begin(), order.end(), std::back_inserter(own),
                 [&](const Unit& unit) { return unit.layer == static_cast<int>(layer); });
    const auto asked = fmt::format("ratio {} of layer {}", ratio, layer);
    for (Unit& unit : first(own, count_of(ratio, units[layer].size()), asked)) chosen.push_back(std::move(unit));
  }
  return chosen;
}

// The shortest beginning that has at least so many heads.
Units first_heads(const Units& order, std::int64_t heads) {
  std::int64_t removed = 0;
  std::size_t count = 0;
  while (removed < heads && count < order.size()) removed += std::ssize(order[count++].heads);
  if (removed < heads)
    throw Error(ErrorKind::bad_input, fmt::format("the budget is {} heads, but only {} can go", heads, removed),
                std::string(kKeepFewer));
  return first(order, count, "the budget");
}

// The shortest beginning whose costs are at least `share` of `total`.
template <class Cost>
Units first_share(const PlanInput& input, const Units& order, double share, double total, std::string_view name,
                  std::string_view of, const Cost& cost) {
  if (!(total > 0)) bad_input("{} is a share of the model's {}, but these are {}", name, of, total);
  Savings savings(input.layout, input.head_costs, input.kv_costs);
  const auto removed = [&] { return cost(savings.total()) / total; };
  std::size_t count = 0;
  for (; removed() < share && count < order.size(); ++count) savings.remove(order[count].layer, order[count].heads);
  if (removed() < share)
    throw Error(ErrorKind::bad_input,
                fmt::format("{} is {}, but all heads that can go hold {} of the model's {}", name, share, removed(), of),
                fmt::format("give a {} of at most {}", name, removed()));
  return first(order, count, name);
}

double parameters_of(const model::HeadCost& cost) { return static_cast<double>(cost.parameters); }
double flops_of(const model::HeadCost& cost) { return cost.flops_per_token; }

Units choose(const PlanInput& input, const BudgetOptions& options, std::size_t present, const Units& order) {
  if (options.heads) return first_heads(order, *options.heads);
  if (options.params_ratio)
    return first_share(input, order, *options.params_ratio, static_cast<double>(input.parameters), "`params_ratio`", "parameters",
                       parameters_of);
  if (options.flops_ratio)
    return first_share(input, order, *options.flops_ratio, input.flops_per_token, "`flops_ratio`", "FLOPs per token", flops_of);
  if (options.uniform) return uniform_share(order, *options.ratio, input.units);
  return first(order, count_of(*options.ratio, present), fmt::format("ratio {}", *options.ratio));
}

// By layer, the KV heads that are not in `left`.
Json gone_kv_heads(const model::HeadLayout& layout, const model::HeadLayout& left) {
  Json gone = Json::object();
  for (std::size_t layer = 0; layer < layout.size(); ++layer) {
    std::vector<int> heads;
    std::set_difference(layout[layer].kv_heads.begin(), layout[layer].kv_heads.end(), left[layer].kv_heads.begin(),
                        left[layer].kv_heads.end(), std::back_inserter(heads));
    if (!heads.empty()) gone[std::to_string(layer)] = heads;
  }
  return gone;
}

template <class Number>
Json saving(Number before, Number removed) {
  return {{"before", before},
          {"removed", removed},
          {"share", before > 0 ? static_cast<double>(removed) / static_cast<double>(before) : 0.0}};
}

// By layer, the dead heads of `left`.
Json dead_heads(const model::HeadLayout& left) {
  Json dead = Json::object();
  for (std::size_t layer = 0; layer < left.size(); ++layer)
    if (!left[layer].dead.empty()) dead[std::to_string(layer)] = left[layer].dead;
  return dead;
}

Json information(const PlanInput& input, const BudgetOptions& options, const Plan& plan, const Units& chosen,
                 const model::HeadLayout& left) {
  Savings savings(input.layout, input.head_costs, input.kv_costs);
  for (const Unit& unit : chosen) savings.remove(unit.layer, unit.heads);
  std::int64_t units = 0;
  for (const auto& layer : input.units) units += std::ssize(layer);
  const Json of_units = saving(units, static_cast<std::int64_t>(chosen.size()));
  Json json;
  json["pruned_kv"] = gone_kv_heads(input.layout, left);
  if (Json dead = dead_heads(left); !dead.empty()) json["dead"] = std::move(dead);
  json["ratio"] = of_units["share"];
  json["budget"] = options_json(options);
  if (input.unit_kind != model::UnitKind::head) json["unit_count"] = of_units;
  json["heads"] = saving(std::int64_t{model::live_head_count(input.layout)}, std::int64_t{plan.pruned_count()});
  json["parameters"] = saving(input.parameters, savings.total().parameters);
  json["flops_per_token"] = saving(input.flops_per_token, savings.total().flops_per_token);
  json["fits"] = fitting_runtimes(input.portability, left);
  return json;
}

}  // namespace

void check_options(const BudgetOptions& options) {
  const std::array budgets = {std::pair("`ratio`", options.ratio.has_value()), std::pair("`heads`", options.heads.has_value()),
                              std::pair("`params_ratio`", options.params_ratio.has_value()),
                              std::pair("`flops_ratio`", options.flops_ratio.has_value())};
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
  check_share("`params_ratio`", options.params_ratio);
  check_share("`flops_ratio`", options.flops_ratio);
  if (options.heads && *options.heads < 0) bad_input("`heads` is {}, but it must be 0 or more", *options.heads);
  if (options.uniform && !options.ratio)
    throw Error(ErrorKind::bad_input, fmt::format("`uniform` goes with `ratio`, not with {}", given),
                "give `ratio`, or leave `uniform` out");
  if (options.min_heads_per_layer < 0)
    bad_input("`min_heads_per_layer` is {}, but it must be 0 or more", options.min_heads_per_layer);
  check_target_name(options.target);
}

Plan make_plan(const PlanInput& input, const BudgetOptions& options) {
  const Units units = all_units(input);
  check_options(options);
  if (const int present = model::live_head_count(input.layout); options.heads && *options.heads > present)
    bad_input("`heads` is {}, but the model has only {}", *options.heads, present);
  const Units chosen = choose(input, options, units.size(), removal_order(units, input.layout, options));
  Plan plan;
  plan.model_hash = input.model_hash;
  plan.units = model::unit_name(input.unit_kind);
  for (const Unit& unit : chosen) {
    std::vector<int>& heads = plan.pruned[unit.layer];
    heads.insert(heads.end(), unit.heads.begin(), unit.heads.end());
  }
  for (auto& [layer, heads] : plan.pruned) std::sort(heads.begin(), heads.end());
  const model::HeadLayout left = pruned_layout(plan, input.layout);
  check_target(options.target, input.portability, left);
  plan.information = information(input, options, plan, chosen, left);
  return plan;
}

}  // namespace hies::prune
