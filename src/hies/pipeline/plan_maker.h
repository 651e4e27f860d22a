#pragma once

#include <functional>
#include <memory>
#include <string>

#include "hies/base/progress.h"
#include "hies/engine/model.h"
#include "hies/pipeline/refit_rows.h"
#include "hies/prune/budget.h"
#include "hies/prune/plan.h"
#include "hies/refit/refit.h"
#include "hies/score/methods/method.h"
#include "hies/score/options.h"
#include "hies/score/scores.h"

namespace hies::pipeline {

// What a method that chooses units itself has to work with. All that is referred to outlives it.
struct PlanMakerInput {
  const engine::Model& model;
  std::shared_ptr<const arch::Checkpoint> checkpoint;
  const score::Scores& scores;
  const score::MethodOptions& method;
  const prune::BudgetOptions& budget;
  const score::ScoreOptions& score;
  const CalibrationParts& rows;
  const engine::ExecutionOptions& execution;
};

// A plan, and what becomes of the output matrices of what it keeps.
struct MadePlan {
  prune::Plan plan;
  refit::Refit refit;
};

// A method that does more than score (room `baseline`): it stands above this room, so a job is given it.
using PlanMaker = std::function<MadePlan(const PlanMakerInput& input, Progress& progress)>;

}  // namespace hies::pipeline
