#pragma once

#include "hies/prune/budget.h"
#include "hies/prune/plan.h"
#include "hies/score/methods/method.h"
#include "hies/score/scores.h"

namespace hies::pipeline {

// Returns the plan that the method makes from the scores. Besides what make_plan puts there, its information holds the resolved
// options of the method ("method") and where the scores come from ("scores": task, loss, calibration). The table of a
// latency_ratio is read from its file and must be of the scores' model. `before`: units that are removed before all others. Throws what
// keep_scores, make_plan and read_latency_table throw.
prune::Plan run_plan(const score::Scores& scores, const score::MethodOptions& method, const prune::BudgetOptions& budget,
                     const model::UnitSet* before = nullptr);

}  // namespace hies::pipeline
