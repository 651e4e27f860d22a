#include "hies/pipeline/plan_run.h"

#include "hies/base/fields.h"
#include "hies/model/arch/arch.h"
#include "hies/score/methods/unit_scores.h"

namespace hies::pipeline {

prune::Plan run_plan(const score::Scores& scores, const score::MethodOptions& method, const prune::BudgetOptions& budget) {
  const score::UnitScores units = score::unit_scores(scores, method);
  const model::HeadTable<model::HeadCost> head_costs = scores.head_costs();
  const model::HeadTable<model::HeadCost> kv_costs = scores.kv_head_costs();
  const model::Arch& arch = model::find_arch(scores.model_info.model_type, "scores");
  prune::Plan plan = prune::make_plan({.model_hash = scores.model_info.hash,
                                       .layout = scores.layout,
                                       .unit_kind = units.kind,
                                       .units = units.units,
                                       .keep_scores = units.keep,
                                       .head_costs = head_costs,
                                       .kv_costs = kv_costs,
                                       .parameters = scores.cost.parameters,
                                       .flops_per_token = scores.cost.flops_per_token,
                                       .portability = arch.portability()},
                                      budget);
  score::MethodOptions resolved = method;
  resolved.units = plan.units;
  plan.information["method"] = options_json(resolved);
  plan.information["scores"] = {{"options", scores.options},
                                {"calibration", {{"file", scores.calibration.file}, {"hash", scores.calibration.hash}}}};
  return plan;
}

}  // namespace hies::pipeline
