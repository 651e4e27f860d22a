#include "hies/prune/savings.h"

#include <algorithm>

#include "hies/base/error.h"
#include "hies/prune/remaining.h"

namespace hies::prune {
namespace {

using Costs = std::vector<model::UnitCost>;

void check_rows(const model::UnitTable<model::UnitCost>& table, const model::Layout& layout,
                std::vector<int> model::SiteLayout::*members) {
  for (const auto& [site, row] : table)
    check(row.size() == (layout.at(site).*members).size(), "a plan's tables have another number of units");
}

void add(model::UnitCost& sum, const model::UnitCost& cost) {
  sum.parameters += cost.parameters;
  sum.flops_per_token += cost.flops_per_token;
  sum.matrix_flops_per_token += cost.matrix_flops_per_token;
}

// Adds the costs of those of `before` that are not in `after`.
void add_removed(model::UnitCost& sum, const std::vector<int>& before, const std::vector<int>& after, const Costs& costs) {
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (std::binary_search(after.begin(), after.end(), before[i])) continue;
    add(sum, costs[i]);
  }
}

}  // namespace

Savings::Savings(const model::Layout& layout, const model::UnitTable<model::UnitCost>& units,
                 const model::UnitTable<model::UnitCost>& kv_heads)
    : layout_(layout), units_(units), kv_heads_(kv_heads) {
  check_rows(units, layout, &model::SiteLayout::units);
  check_rows(kv_heads, layout, &model::SiteLayout::kv_heads);
}

model::UnitCost Savings::saved_at(model::Site site, const std::vector<int>& removed) const {
  const model::SiteLayout& before = layout_.at(site);
  const model::SiteLayout left = remaining(before, removed);
  model::UnitCost saved;
  add_removed(saved, before.units, left.units, units_.at(site));
  if (!before.kv_heads.empty()) add_removed(saved, before.kv_heads, left.kv_heads, kv_heads_.at(site));
  return saved;
}

void Savings::remove(model::Site site, const std::vector<int>& removed) {
  if (site.kind == model::SiteKind::ffn) {  // each neuron's cost is its own, and there may be hundreds of thousands
    const model::SiteLayout& neurons = layout_.at(site);
    for (const int neuron : removed) add(total_, units_.at(site)[static_cast<std::size_t>(neurons.position_of(neuron))]);
    return;
  }
  OfSite& own = by_site_[site];
  own.removed.insert(own.removed.end(), removed.begin(), removed.end());
  const model::UnitCost saved = saved_at(site, own.removed);
  total_.parameters += saved.parameters - own.saved.parameters;
  total_.flops_per_token += saved.flops_per_token - own.saved.flops_per_token;
  total_.matrix_flops_per_token += saved.matrix_flops_per_token - own.saved.matrix_flops_per_token;
  own.saved = saved;
}

}  // namespace hies::prune
