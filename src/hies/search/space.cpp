#include "hies/search/space.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "hies/base/error.h"
#include "hies/prune/plan_information.h"
#include "hies/prune/protect.h"
#include "hies/prune/remaining.h"

namespace hies::search {
namespace {

using model::SiteKind;

// Returns the FLOPs that the unit's matrices save when it is the first of its layer that is removed.
double matrix_flops(const prune::PlanInput& input, model::Site site, const std::vector<int>& members) {
  prune::Savings savings(input.layout, input.unit_costs, input.kv_costs);
  savings.remove(site, members);
  return savings.total().matrix_flops_per_token;
}

std::int64_t count_of(const std::optional<double>& ratio, std::int64_t total) {
  return static_cast<std::int64_t>(std::floor(ratio.value_or(0) * static_cast<double>(total) + 0.5));
}

}  // namespace

Space::Space(const prune::PlanInput& input, const prune::BudgetOptions& budget) : input_(input), budget_(budget) {
  prune::check_options(budget);
  if (budget.uniform)
    throw Error(ErrorKind::bad_input, "`uniform` removes the same from every layer: that leaves a search nothing to choose",
                "leave `uniform` out, or plan without a search");
  if (!(budget.ratio || budget.ffn_ratio || budget.heads || budget.params_ratio || budget.flops_ratio ||
        budget.matrix_flops_ratio))
    unsupported(
        "a search takes another budget: `ratio`, `ffn_ratio`, `heads`, `params_ratio`, `flops_ratio` or `matrix_flops_ratio`");
  std::vector<std::tuple<double, std::size_t>> order;
  for (const auto& [site, groups] : input.units)
    for (std::size_t i = 0; i < groups.size(); ++i) {
      const double cost = matrix_flops(input, site, groups[i]), keep = input.keep_scores.at(site)[i];
      order.emplace_back(input.additive && cost > 0 ? keep / cost : keep, units_.size());
      units_.push_back({site, groups[i], cost, site.kind == SiteKind::ffn});
    }
  std::sort(order.begin(), order.end());
  std::vector<Unit> sorted;
  for (const auto& entry : order) sorted.push_back(std::move(units_[std::get<1>(entry)]));
  units_ = std::move(sorted);
  const model::UnitSet kept = prune::parse_protect(budget.protect, input.layout);
  for (const Unit& unit : units_)
    protected_.push_back(
        std::any_of(unit.members.begin(), unit.members.end(), [&](int member) { return kept.contains(unit.site, member); }));
  set_quota();
  if (Removal(*this).meets_budget())
    throw Error(ErrorKind::bad_input, "the budget is met without removing anything: there is nothing to search",
                "ask for more, for instance `ratio` 0.3");
}

void Space::set_quota() {
  by_count_ = budget_.ratio || budget_.ffn_ratio;
  std::int64_t attention = 0, ffn = 0;
  for (const Unit& unit : units_) (unit.in_turn ? ffn : attention) += 1;
  quota_ = {count_of(budget_.ratio, attention), count_of(budget_.ffn_ratio, ffn)};
}

std::size_t Space::removed_by_scores() const {
  Removal removal(*this);
  for (std::size_t unit = 0; unit < units_.size() && !removal.meets_budget(); ++unit)
    if (removal.can_remove(unit)) removal.remove(unit);
  return removal.order().size();
}

Removal::Removal(const Space& space)
    : space_(space),
      savings_(space.input_.layout, space.input_.unit_costs, space.input_.kv_costs),
      removed_(space.units_.size(), false) {
  for (const auto& [site, present] : space.input_.layout)
    spare_[site] = std::ssize(present.active()) -
                   (site.kind == SiteKind::ffn ? space.budget_.min_neurons_per_layer : space.budget_.min_heads_per_layer);
  for (std::size_t unit = space.units_.size(); unit-- > 0;)
    if (space.units_[unit].in_turn && !space.protected_[unit]) turns_[space.units_[unit].site].push_back(unit);
}

bool Removal::can_remove(std::size_t index) const {
  const Unit& unit = space_.units_[index];
  if (removed_[index] || space_.protected_[index]) return false;
  if (spare_.at(unit.site) < std::ssize(unit.members)) return false;
  if (unit.in_turn && turns_.at(unit.site).back() != index) return false;
  if (space_.budget_.heads && unit.in_turn) return false;
  if (!space_.by_count_) return true;
  return unit.in_turn ? ffn_ < space_.quota_.ffn : attention_ < space_.quota_.attention;
}

void Removal::remove(std::size_t index) {
  const Unit& unit = space_.units_[index];
  savings_.remove(unit.site, unit.members);
  mask_.insert(unit.site, unit.members);
  removed_[index] = true;
  order_.push_back(index);
  spare_.at(unit.site) -= std::ssize(unit.members);
  if (unit.in_turn) turns_.at(unit.site).pop_back();
  (unit.in_turn ? ffn_ : attention_) += 1;
  if (!unit.in_turn) heads_ += std::ssize(unit.members);
}

model::UnitSet Removal::with(std::size_t unit) const {
  model::UnitSet more = mask_;
  more.insert(space_.units_[unit].site, space_.units_[unit].members);
  return more;
}

double Removal::used() const {
  const prune::BudgetOptions& budget = space_.budget_;
  const auto share = [](double part, double whole) { return whole > 0 ? part / whole : 1; };
  if (space_.by_count_)
    return share(static_cast<double>(attention_ + ffn_), static_cast<double>(space_.quota_.attention + space_.quota_.ffn));
  if (budget.heads) return share(static_cast<double>(heads_), static_cast<double>(*budget.heads));
  const prune::PlanInput& input = space_.input_;
  const model::UnitCost& saved = savings_.total();
  // As make_plan compares: what is saved as a share, against the share that is asked for.
  if (budget.params_ratio)
    return share(static_cast<double>(saved.parameters) / static_cast<double>(input.parameters), *budget.params_ratio);
  if (budget.flops_ratio) return share(saved.flops_per_token / input.flops_per_token, *budget.flops_ratio);
  return share(saved.matrix_flops_per_token / prune::all_matrix_flops(input), *budget.matrix_flops_ratio);
}

}  // namespace hies::search
