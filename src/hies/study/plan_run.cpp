#include "hies/study/plan_run.h"

#include "hies/base/fields.h"

namespace hies::study {

prune::Plan run_plan(const score::Scores& scores, const score::MethodOptions& method, const prune::BudgetOptions& budget) {
  const model::HeadTable<double> keep = score::keep_scores(scores, method);
  const model::HeadTable<model::HeadCost> costs = scores.head_costs();
  prune::Plan plan = prune::make_plan({.model_hash = scores.model_info.hash,
                                       .layout = scores.layout,
                                       .keep_scores = keep,
                                       .head_costs = costs,
                                       .parameters = scores.cost.parameters,
                                       .flops_per_token = scores.cost.flops_per_token},
                                      budget);
  plan.information["method"] = options_json(method);
  plan.information["scores"] = {{"options", scores.options},
                                {"calibration", {{"file", scores.calibration.file}, {"hash", scores.calibration.hash}}}};
  return plan;
}

}  // namespace hies::study
