#pragma once

#include <cstddef>
#include <map>

#include "hies/prune/budget.h"

namespace hies::baseline {

// Returns how many units each site loses where all lose the same share of theirs, the least that meets the budget; of a share of heads
// or neurons floor(share·U + 0.5), as make_plan counts. Throws unsupported for what such a removal cannot take: `protect`, least numbers of a
// layer, a share of latency; bad_input for a budget that all units cannot meet.
std::map<model::Site, std::size_t> equal_shares(const prune::PlanInput& input, const prune::BudgetOptions& budget);

}  // namespace hies::baseline
