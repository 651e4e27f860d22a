#include "hies/prune/budget.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "hies/base/error.h"
#include "hies/base/fields.h"
#include "hies/prune/protect.h"

namespace hies::prune {
namespace {

// What goes or stays as a whole.
struct Unit {
  int layer = 0;
  std::vector<int> heads;  // query heads, original indices, ascending
  double keep_score = 0;
  model::HeadCost cost;
};

using Units = std::vector<Unit>;

Units head_units(const PlanInput& input) {
  check(input.keep_scores.size() == input.layout.size() && input.head_costs.size() == input.layout.size(),
        "a plan's tables have another number of layers");
  Units units;
  for (std::size_t layer = 0; layer < input.layout.size(); ++layer) {
    const std::vector<int>& heads = input.layout[layer].heads;
    check(input.keep_scores[layer].size() == heads.size() && input.head_costs[layer].size() == heads.size(),
          "a plan's tables have another number of heads");
    for (std::size_t position = 0; position < heads.size(); ++position) {
      const double keep_score = input.keep_scores[layer][position];
      if (!std::isfinite(keep_score)) bad_input("keep-score of layer {}, head {} is {}", layer, heads[position], keep_score);
      units.push_back({static_cast<int>(layer), {heads[position]}, keep_score, input.head_costs[layer][position]});
    }
  }
  return units;
}

constexpr std::string_view kBudgets = "give one of ratio, heads, params-ratio, flops-ratio";

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
  for (const model::LayerHeads& layer : layout) spare.push_back(layer.count() - options.min_heads_per_layer);
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

constexpr std::string_view kKeepFewer = "protect and min-heads-per-layer keep the others: ask for less, or keep fewer";

// `asked`: the budget in words.
Units first(const Units& order, std::size_t count, std::string_view asked) {
  if (count > order.size())
    throw Error(ErrorKind::bad_input, fmt::format("{} is {} heads, but only {} can go", asked, count, order.size()),
                std::string(kKeepFewer));
  return {order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count)};
}

std::size_t count_of(double ratio, std::size_t total) {
  return static_cast<std::size_t>(std::floor(ratio * static_cast<double>(total) + 0.5));
}

Units uniform_share(const Units& order, double ratio, const model::HeadLayout& layout) {
  Units chosen;
  for (std::size_t layer = 0; layer < layout.size(); ++layer) {
    Units own;
    std::copy_if(order.begin(), order.end(), std::back_inserter(own),
                 [&](const Unit& unit) { return unit.layer == static_cast<int>(layer); });
    const auto asked = fmt::format("ratio {} of layer {}", ratio, layer);
    for (Unit& unit : first(own, count_of(ratio, layout[layer].heads.size()), asked)) chosen.push_back(std::move(unit));
  }
  return chosen;
}

// The shortest beginning whose costs are at least `share` of `total`.
template <class Cost>
Units first_share(const Units& order, double share, double total, std::string_view name, std::string_view of, const Cost& cost) {
  if (!(total > 0)) bad_input("{} is a share of the model's {}, but these are {}", name, of, total);
  double removed = 0;
  std::size_t count = 0;
  while (removed / total < share && count < order.size()) removed += cost(order[count++]);
  if (removed / total < share)
    throw Error(ErrorKind::bad_input,
                fmt::format("{} is {}, but all heads that can go hold {} of the model's {}", name, share, removed / total, of),
                fmt::format("give a {} of at most {}", name, removed / total));
  return first(order, count, name);
}

double parameters_of(const Unit& unit) { return static_cast<double>(unit.cost.parameters); }
double flops_of(const Unit& unit) { return unit.cost.flops_per_token; }

Units choose(const PlanInput& input, const BudgetOptions& options, std::size_t present, const Units& order) {
  if (options.heads) return first(order, static_cast<std::size_t>(*options.heads), "the budget");
  if (options.params_ratio)
    return first_share(order, *options.params_ratio, static_cast<double>(input.parameters), "params-ratio", "parameters",
                       parameters_of);
  if (options.flops_ratio)
    return first_share(order, *options.flops_ratio, input.flops_per_token, "flops-ratio", "FLOPs per token", flops_of);
  if (options.uniform) return uniform_share(order, *options.ratio, input.layout);
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

Json information(const PlanInput& input, const BudgetOptions& options, const Plan& plan, const Units& chosen) {
  model::HeadCost removed;
  for (const Unit& unit : chosen) {
    removed.parameters += unit.cost.parameters;
    removed.flops_per_token += unit.cost.flops_per_token;
  }
  const std::int64_t present = model::head_count(input.layout);
  const Json heads = saving(present, std::int64_t{plan.pruned_count()});
  Json json;
  json["pruned_kv"] = gone_kv_heads(input.layout, pruned_layout(plan, input.layout));
  json["ratio"] = heads["share"];
  json["budget"] = options_json(options);
  json["heads"] = heads;
  json["parameters"] = saving(input.parameters, removed.parameters);
  json["flops_per_token"] = saving(input.flops_per_token, removed.flops_per_token);
  return json;
}

}  // namespace

void check_options(const BudgetOptions& options) {
  const std::array budgets = {std::pair("ratio", options.ratio.has_value()), std::pair("heads", options.heads.has_value()),
                              std::pair("params-ratio", options.params_ratio.has_value()),
                              std::pair("flops-ratio", options.flops_ratio.has_value())};
  std::string_view given;
  for (const auto& [name, is_given] : budgets) {
    if (!is_given) continue;
    if (!given.empty())
      throw Error(ErrorKind::bad_input, fmt::format("{} and {} are two budgets, but a plan has one", given, name),
                  std::string(kBudgets));
    given = name;
  }
  if (given.empty()) throw Error(ErrorKind::bad_input, "no budget says how much is to be removed", std::string(kBudgets));
  check_share("ratio", options.ratio);
  check_share("params-ratio", options.params_ratio);
  check_share("flops-ratio", options.flops_ratio);
  if (options.heads && *options.heads < 0) bad_input("heads is {}, but it must be 0 or more", *options.heads);
  if (options.uniform && !options.ratio)
    throw Error(ErrorKind::bad_input, fmt::format("uniform goes with ratio, not with {}", given),
                "give ratio, or leave uniform out");
  if (options.min_heads_per_layer < 0)
    bad_input("min-heads-per-layer is {}, but it must be 0 or more", options.min_heads_per_layer);
}

Plan make_plan(const PlanInput& input, const BudgetOptions& options) {
  const Units units = head_units(input);
  check_options(options);
  if (const int present = model::head_count(input.layout); options.heads && *options.heads > present)
    bad_input("heads is {}, but the model has only {}", *options.heads, present);
  const Units chosen = choose(input, options, units.size(), removal_order(units, input.layout, options));
  Plan plan;
  plan.model_hash = input.model_hash;
  for (const Unit& unit : chosen) {
    std::vector<int>& heads = plan.pruned[unit.layer];
    heads.insert(heads.end(), unit.heads.begin(), unit.heads.end());
  }
  for (auto& [layer, heads] : plan.pruned) std::sort(heads.begin(), heads.end());
  plan.information = information(input, options, plan, chosen);
  return plan;
}

}  // namespace hies::prune
