#include "hies/pipeline/stages.h"

#include <cmath>

#include "hies/base/error.h"

namespace hies::pipeline {

void check_options(const StageOptions& options) {
  if (options.stages < 1) bad_input("`stages` is {}, but at least 1 is needed", options.stages);
}

prune::BudgetOptions part_of(prune::BudgetOptions budget, double share) {
  for (std::optional<double>* of : {&budget.ratio, &budget.ffn_ratio, &budget.params_ratio, &budget.flops_ratio,
                                    &budget.matrix_flops_ratio, &budget.latency_ratio})
    if (*of) **of *= share;
  if (budget.heads) budget.heads = static_cast<std::int64_t>(std::floor(static_cast<double>(*budget.heads) * share));
  return budget;
}

}  // namespace hies::pipeline
