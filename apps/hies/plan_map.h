#pragma once

#include <string>
#include <vector>

#include "head_map.h"
#include "hies/prune/plan.h"
#include "hies/score/methods/method.h"

namespace hies::cli {

// Returns the head map of keep-scores, with the plan's heads crossed out. It refers to `layout` and `keep`.
HeadMap plan_map(const std::string& model, const score::MethodOptions& method, const model::Layout& layout,
                 const model::UnitTable<double>& keep, const prune::Plan& plan);

// Returns lines "removes 22 of 72 heads: layer 0: 1 5; layer 3: 2 …", how many of them are kept as zeros, and the programs that can
// run the result (`fits`).
std::string plan_summary(const prune::Plan& plan, const model::Layout& layout, const std::vector<std::string>& fits);

}  // namespace hies::cli
