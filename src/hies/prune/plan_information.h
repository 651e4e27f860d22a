#pragma once

#include <vector>

#include "hies/base/json.h"
#include "hies/prune/budget.h"

namespace hies::prune {

// A unit that a plan removes: original indices of what is removed together, ascending.
struct RemovedUnit {
  model::Site site;
  std::vector<int> members;
};

// Returns the FLOPs per token of the matrices of all heads and neurons.
double all_matrix_flops(const PlanInput& input);

// Returns Plan::information of a new plan: what was asked, what it saves, which programs can run the result. `left`: what it leaves.
Json plan_information(const PlanInput& input, const BudgetOptions& options, const Plan& plan,
                      const std::vector<RemovedUnit>& chosen, const model::Layout& left);

}  // namespace hies::prune
