#include "hies/pipeline/plan_run.h"

#include "hies/base/fields.h"
#include "hies/pipeline/plan_input.h"
#include "hies/prune/latency_table.h"

namespace hies::pipeline {

prune::Plan run_plan(const score::Scores& scores, const score::MethodOptions& method, const prune::BudgetOptions& budget,
                     const model::UnitSet* before) {
  const OwnedPlanInput owned(scores, method);
  prune::check_options(budget);
  std::optional<prune::LatencyTable> latency;
  if (budget.latency_ratio) {
    latency = prune::read_latency_table(budget.latency_table);
    prune::check_model(*latency, scores.model_info.hashes, scores.layout, budget.latency_table);
  }
  prune::PlanInput input = owned.input();
  input.latency = latency ? &*latency : nullptr;
  input.before = before;
  prune::Plan plan = prune::make_plan(input, budget);
  score::MethodOptions resolved = method;
  resolved.units = plan.units;
  plan.information["method"] = options_json(resolved);
  plan.information["scores"] = {{"options", scores.options},
                                {"calibration", {{"file", scores.calibration.file}, {"hash", scores.calibration.hash}}}};
  return plan;
}

}  // namespace hies::pipeline
