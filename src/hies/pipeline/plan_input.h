#pragma once

#include "hies/arch/family.h"
#include "hies/prune/budget.h"
#include "hies/score/methods/unit_scores.h"

namespace hies::pipeline {

// What a plan needs to know of a model, from its scores, which outlive it.
class OwnedPlanInput {
 public:
  OwnedPlanInput(const score::Scores& scores, const score::MethodOptions& method)
      : scores_(scores),
        units_(score::unit_scores(scores, method)),
        unit_costs_(scores.unit_costs()),
        kv_costs_(scores.kv_head_costs()) {}

  prune::PlanInput input() const {
    return {.model = scores_.model_info.hashes,
            .layout = scores_.layout,
            .unit_kind = units_.kind,
            .units = units_.units,
            .keep_scores = units_.keep,
            .unit_costs = unit_costs_,
            .kv_costs = kv_costs_,
            .parameters = scores_.cost.parameters,
            .flops_per_token = scores_.cost.flops_per_token,
            .portability = arch::find_family(scores_.model_info.model_type, "scores").portability,
            .additive = units_.additive};
  }

 private:
  const score::Scores& scores_;
  score::UnitScores units_;
  model::UnitTable<model::UnitCost> unit_costs_, kv_costs_;
};

}  // namespace hies::pipeline
