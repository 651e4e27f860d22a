#include <algorithm>
#include <array>

#include "hies/arch/family.h"
#include "hies/base/error.h"
#include "hies/base/fields.h"
#include "hies/baseline/baseline.h"
#include "hies/pipeline/plan_input.h"
#include "hies/prune/plan_information.h"
#include "hies/prune/runtimes.h"

namespace hies::baseline {

#define BASELINE(name) Baseline name##_baseline();
#include "hies/baseline/baselines.def"
#undef BASELINE

std::span<const Baseline> baselines() {
  static const std::array kBaselines = {
#define BASELINE(name) name##_baseline(),
#include "hies/baseline/baselines.def"
#undef BASELINE
  };
  return kBaselines;
}

const Baseline* find_baseline(std::string_view name) {
  for (const Baseline& known : baselines())
    if (known.name == name) return &known;
  return nullptr;
}

pipeline::PlanMaker maker(const Baseline& baseline) {
  return [&baseline](const pipeline::PlanMakerInput& input, Progress& progress) -> pipeline::MadePlan {
    const Work work{.model = input.model,
                    .checkpoint = input.checkpoint,
                    .scores = input.scores,
                    .method = input.method,
                    .budget = input.budget,
                    .score = input.score,
                    .scored = input.rows.scored,
                    .fitted = input.rows.fitted,
                    .heldout = input.rows.heldout,
                    .execution = input.execution};
    if (!baseline.removes_units)
      throw Error(ErrorKind::unsupported,
                  fmt::format("{} does not remove heads or neurons: no checkpoint has the shapes that it leaves", baseline.name),
                  "`hies sweep` evaluates it with the whole shapes");
    const model::UnitSet removed = baseline.select(work, progress);
    return {plan_of(work, baseline, removed), baseline.fit(work, removed, progress)};
  };
}

prune::Plan plan_of(const Work& work, const Baseline& baseline, const model::UnitSet& removed) {
  const pipeline::OwnedPlanInput owned(work.scores, work.method);
  const prune::PlanInput input = owned.input();
  prune::Plan plan;
  plan.model = input.model;
  plan.units = model::unit_name(input.unit_kind);
  plan.removed = removed;
  const model::Layout left = prune::pruned_layout(plan, input.layout);
  prune::check_target(work.budget.target, input.portability, left);
  std::int64_t count = 0;
  for (const auto& [site, groups] : input.units)
    count += std::count_if(groups.begin(), groups.end(),
                           [&](const std::vector<int>& members) { return removed.contains(site, members.front()); });
  plan.information = prune::plan_information(input, work.budget, plan, count, left);
  plan.information["method"] = options_json(work.method);
  plan.information["method"]["method"] = baseline.name;
  plan.information["scores"] = {
      {"options", work.scores.options},
      {"calibration", {{"file", work.scores.calibration.file}, {"hash", work.scores.calibration.hash}}}};
  return plan;
}

}  // namespace hies::baseline
