#pragma once

#include <cstdint>

#include "hies/prune/budget.h"

namespace hies::pipeline {

// A budget that is spent in equal parts, with new scores of the model that the part before left, refitted where a refit is asked for.
struct StageOptions {
  std::int64_t stages = 1;

  template <class V, class Self>
  static void fields(V& v, Self& self) {
    v("stages", self.stages,
      "parts in which the budget is spent: each has new scores of the model that the part before left (and refitted)");
  }
};

// Throws bad_input for less than one stage.
void check_options(const StageOptions& options);

// Returns the budget of the first `share`, 0 … 1, of all stages.
prune::BudgetOptions part_of(prune::BudgetOptions budget, double share);

}  // namespace hies::pipeline
