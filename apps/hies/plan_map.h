#pragma once

#include <string>
#include <vector>

#include "head_map.h"
#include "hies/prune/plan.h"
#include "hies/score/methods/method.h"

namespace hies::cli {

// The head map of keep-scores with a plan's heads crossed out. Refers to `layout` and `keep`.
HeadMap plan_map(const std::string& model, const score::MethodOptions& method, const model::HeadLayout& layout,
                 const model::HeadTable<double>& keep, const prune::Plan& plan);

// "22 of 72 heads go: layer 0: 1 5; layer 3: 2 …", lines; what of it stays as zeros, and the programs that the result `fits`.
std::string plan_summary(const prune::Plan& plan, const model::HeadLayout& layout, const std::vector<std::string>& fits);

}  // namespace hies::cli
