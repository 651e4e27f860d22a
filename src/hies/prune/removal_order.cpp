#include "hies/prune/removal_order.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <map>
#include <numeric>
#include <tuple>

#include "hies/base/error.h"
#include "hies/prune/protect.h"

namespace hies::prune {
namespace {

// Throws where a plan that removes the same number from every layer would leave different widths.
void check_equal_widths(model::SiteKind kind, const model::Layout& layout) {
  const std::vector<model::Site> sites = layout.sites(kind);
  for (const model::Site site : sites) {
    const auto first = layout.at(sites.front()).active().size(), own = layout.at(site).active().size();
    if (own != first)
      throw Error(ErrorKind::bad_input,
                  fmt::format("`uniform` needs layers alike, but layer {} has {} {}s and layer {} has {}", sites.front().layer,
                              first, model::unit_noun(kind), site.layer, own),
                  "leave `uniform` out");
  }
}

// One unit of every layer.
struct Step {
  double order = 0;
  Units units;
};

// Appends the steps of one kind of sites, lowest first.
void add_steps(const Units& order, model::SiteKind kind, const model::Layout& layout, std::vector<Step>& steps) {
  std::map<model::Site, Units> by_layer;
  for (const model::Site site : layout.sites(kind)) by_layer[site];
  for (const Unit& unit : of_kind(order, kind)) by_layer[unit.site].push_back(unit);
  std::size_t count = by_layer.empty() ? 0 : std::numeric_limits<std::size_t>::max();
  for (const auto& [site, units] : by_layer) count = std::min(count, units.size());
  if (count > 0) check_equal_widths(kind, layout);
  for (std::size_t i = 0; i < count; ++i) {
    Step& step = steps.emplace_back();
    for (const auto& [site, units] : by_layer) {
      step.order += units[i].order / static_cast<double>(by_layer.size());
      step.units.push_back(units[i]);
    }
  }
}

}  // namespace

Units of_kind(const Units& units, model::SiteKind kind) {
  Units own;
  std::copy_if(units.begin(), units.end(), std::back_inserter(own), [kind](const Unit& unit) { return unit.site.kind == kind; });
  return own;
}

RemovalSteps single_steps(Units order) {
  RemovalSteps steps{std::move(order), {}};
  steps.ends.resize(steps.units.size());
  std::iota(steps.ends.begin(), steps.ends.end(), std::size_t{1});
  return steps;
}

RemovalSteps uniform_steps(const Units& order, const model::Layout& layout) {
  std::vector<Step> steps;
  for (const model::SiteKind kind : {model::SiteKind::attention, model::SiteKind::ffn}) add_steps(order, kind, layout, steps);
  // Orders of one kind ascend, so that its steps keep their sequence.
  std::stable_sort(steps.begin(), steps.end(), [](const Step& a, const Step& b) { return a.order < b.order; });
  RemovalSteps result;
  for (Step& step : steps) {
    std::move(step.units.begin(), step.units.end(), std::back_inserter(result.units));
    result.ends.push_back(result.units.size());
  }
  return result;
}

Units removal_order(Units units, const model::Layout& layout, const BudgetOptions& options) {
  const model::UnitSet kept = parse_protect(options.protect, layout);
  std::sort(units.begin(), units.end(), [](const Unit& a, const Unit& b) {
    return std::tie(a.order, a.site, a.members) < std::tie(b.order, b.site, b.members);
  });
  std::map<model::Site, std::int64_t> spare;  // heads or neurons that a layer can still lose
  for (const auto& [site, present] : layout)
    spare[site] = std::ssize(present.active()) -
                  (site.kind == model::SiteKind::ffn ? options.min_neurons_per_layer : options.min_heads_per_layer);
  std::erase_if(units, [&](const Unit& unit) {
    const auto left = spare.find(unit.site);
    const auto count = std::ssize(unit.members);
    if (left != spare.end() && left->second < count) return true;
    if (std::any_of(unit.members.begin(), unit.members.end(), [&](int member) { return kept.contains(unit.site, member); }))
      return true;
    if (left != spare.end()) left->second -= count;
    return false;
  });
  return units;
}

}  // namespace hies::prune
