#pragma once

#include "hies/base/error.h"
#include "hies/prune/budget.h"

namespace hies::baseline {

// Returns the share of a budget that is one share of everything: `ratio`, or one of FLOPs or parameters. Throws unsupported for others.
inline double asked_share(const prune::BudgetOptions& budget, std::string_view method) {
  for (const std::optional<double>& share :
       {budget.ratio, budget.matrix_flops_ratio, budget.flops_ratio, budget.params_ratio, budget.ffn_ratio})
    if (share) return *share;
  unsupported("{} takes a share: `ratio`, or one of FLOPs or parameters", method);
}

}  // namespace hies::baseline
