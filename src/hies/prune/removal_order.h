#pragma once

#include <cstddef>
#include <vector>

#include "hies/model/layout.h"
#include "hies/model/site.h"
#include "hies/prune/budget.h"

namespace hies::prune {

// What is removed or kept as a whole.
struct Unit {
  model::Site site;
  std::vector<int> members;  // original indices, ascending
  double keep_score = 0;
  double order = 0;  // lowest first
};

using Units = std::vector<Unit>;

// Returns the units of such sites, in their order.
Units of_kind(const Units& units, model::SiteKind kind);

// Returns the units that may be removed, in the order in which they are. It is the same for every budget: a smaller plan is a part of
// a larger one.
Units removal_order(Units units, const model::Layout& layout, const BudgetOptions& options);

// Units in the order in which they are removed, some at a time.
struct RemovalSteps {
  Units units;
  std::vector<std::size_t> ends;  // of each step: how many units are removed after it, ascending
};

// Returns a step for each unit.
RemovalSteps single_steps(Units order);

// Returns steps that each remove one unit from every layer, all of one kind of sites: the next unit of each layer, of the kind whose units
// have the lower mean order. Throws bad_input where layers have different numbers of heads or neurons.
RemovalSteps uniform_steps(const Units& order, const model::Layout& layout);

}  // namespace hies::prune
