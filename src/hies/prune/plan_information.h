#pragma once

#include <cstdint>

#include "hies/base/json.h"
#include "hies/prune/budget.h"

namespace hies::prune {

// Returns the FLOPs per token of the matrices of all heads and neurons.
double all_matrix_flops(const PlanInput& input);

// Returns Plan::information of a new plan: what was asked, what it saves, which programs can run the result. `removed_units`: how
// many units of input.units it removes. `left`: what it leaves.
Json plan_information(const PlanInput& input, const BudgetOptions& options, const Plan& plan, std::int64_t removed_units,
                      const model::Layout& left);

}  // namespace hies::prune
