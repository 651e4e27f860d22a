#include "hies/pipeline/plan_run.h"

#include "hies/arch/family.h"
#include "hies/base/fields.h"
#include "hies/prune/latency_table.h"
#include "hies/score/methods/unit_scores.h"

namespace hies::pipeline {

prune::Plan run_plan(const score::Scores& scores, const score::MethodOptions& method, const prune::BudgetOptions& budget,
                     const model::UnitSet* before) {
  const score::UnitScores units = score::unit_scores(scores, method);
  const model::UnitTable<model::UnitCost> unit_costs = scores.unit_costs();
  const model::UnitTable<model::UnitCost> kv_costs = scores.kv_head_costs();
  prune::check_options(budget);
  std::optional<prune::LatencyTable> latency;
  if (budget.latency_ratio) {
    latency = prune::read_latency_table(budget.latency_table);
    prune::check_model(*latency, scores.model_info.hashes, scores.layout, budget.latency_table);
  }
  prune::Plan plan = prune::make_plan({.model = scores.model_info.hashes,
                                       .layout = scores.layout,
                                       .unit_kind = units.kind,
                                       .units = units.units,
                                       .keep_scores = units.keep,
                                       .unit_costs = unit_costs,
                                       .kv_costs = kv_costs,
                                       .parameters = scores.cost.parameters,
                                       .flops_per_token = scores.cost.flops_per_token,
                                       .portability = arch::find_family(scores.model_info.model_type, "scores").portability,
                                       .additive = units.additive,
                                       .before = before,
                                       .latency = latency ? &*latency : nullptr},
                                      budget);
  score::MethodOptions resolved = method;
  resolved.units = plan.units;
  plan.information["method"] = options_json(resolved);
  plan.information["scores"] = {{"options", scores.options},
                                {"calibration", {{"file", scores.calibration.file}, {"hash", scores.calibration.hash}}}};
  return plan;
}

}  // namespace hies::pipeline
