#include "hies/prune/plan_information.h"

#include <algorithm>
#include <iterator>

#include "hies/base/fields.h"
#include "hies/prune/latency_budget.h"
#include "hies/prune/runtimes.h"
#include "hies/prune/savings.h"

namespace hies::prune {
namespace {

// Returns, by layer, the KV heads that are not in `left`, as ranges.
Json removed_kv_heads(const model::Layout& layout, const model::Layout& left) {
  Json removed = Json::object();
  for (const model::Site site : layout.sites(model::SiteKind::attention)) {
    const std::vector<int>&before = layout.at(site).kv_heads, &after = left.at(site).kv_heads;
    std::vector<int> heads;
    std::set_difference(before.begin(), before.end(), after.begin(), after.end(), std::back_inserter(heads));
    if (!heads.empty()) removed[std::to_string(site.layer)] = model::range_text(heads);
  }
  return removed;
}

template <class Number>
Json saving(Number before, Number removed) {
  return {{"before", before},
          {"removed", removed},
          {"share", before > 0 ? static_cast<double>(removed) / static_cast<double>(before) : 0.0}};
}

model::UnitSet padding_of(const model::Layout& layout) {
  model::UnitSet padding;
  for (const auto& [site, units] : layout) padding.insert(site, units.padding);
  return padding;
}

}  // namespace

double all_matrix_flops(const PlanInput& input) {
  double flops = 0;
  for (const auto* table : {&input.unit_costs, &input.kv_costs})
    for (const auto& [site, row] : *table)
      for (const model::UnitCost& cost : row) flops += cost.matrix_flops_per_token;
  return flops;
}

Json plan_information(const PlanInput& input, const BudgetOptions& options, const Plan& plan, std::int64_t removed_units,
                      const model::Layout& left) {
  Savings savings(input.layout, input.unit_costs, input.kv_costs);
  for (const auto& [site, members] : plan.removed) savings.remove(site, members);
  std::int64_t units = 0;
  for (const auto& [site, groups] : input.units) units += std::ssize(groups);
  const Json of_units = saving(units, removed_units);
  Json json;
  json["removed_kv_heads"] = removed_kv_heads(input.layout, left);
  if (const model::UnitSet padding = padding_of(left); !padding.empty()) json["padding"] = model::to_json(padding);
  json["ratio"] = of_units["share"];
  json["budget"] = options_json(options);
  if (input.unit_kind != model::UnitKind::head) json["unit_count"] = of_units;
  json["heads"] = saving(input.layout.active_count(model::SiteKind::attention), plan.removed.count(model::SiteKind::attention));
  if (const std::int64_t neurons = input.layout.active_count(model::SiteKind::ffn); neurons > 0)
    json["neurons"] = saving(neurons, plan.removed.count(model::SiteKind::ffn));
  json["parameters"] = saving(input.parameters, savings.total().parameters);
  json["flops_per_token"] = saving(input.flops_per_token, savings.total().flops_per_token);
  json["matrix_flops_per_token"] = saving(all_matrix_flops(input), savings.total().matrix_flops_per_token);
  if (input.latency != nullptr) json["latency_ms"] = latency_information(input, left);
  json["fits"] = fitting_runtimes(input.portability, left);
  return json;
}

}  // namespace hies::prune
