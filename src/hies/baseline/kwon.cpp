#include "hies/baseline/baseline.h"
#include "hies/baseline/gate_gradients.h"
#include "hies/baseline/rearrange.h"
#include "hies/baseline/unit_scales_torch.h"
#include "hies/baseline/walk_torch.h"
#include "hies/pipeline/plan_input.h"
#include "hies/pipeline/plan_run.h"

namespace hies::baseline {
namespace {

constexpr double kScaleDamping = 1e-2;
constexpr double kMostScale = 10;  // a site with a factor beyond it keeps all at 1, as the authors do

// Returns what the diagonal of the Fisher information removes, with each site's units exchanged by its block of it.
model::UnitSet select_kwon(const Work& work, Progress& progress) {
  const prune::Plan plan = pipeline::run_plan(work.scores, work.method, work.budget);
  const pipeline::OwnedPlanInput owned(work.scores, work.method);
  const model::UnitGroups& units = owned.input().units;
  const GateGradients gradients = gate_gradients(work, units, progress);
  model::UnitSet removed;
  for (const auto& [site, groups] : units) {
    std::size_t count = 0;
    for (const std::vector<int>& members : groups) count += plan.removed.contains(site, members.front()) ? 1 : 0;
    for (const std::size_t unit : rearranged(gradients.of_site.at(site), groups.size(), count))
      removed.insert(site, groups[unit]);
  }
  return removed;
}

refit::Refit fit_kwon(const Work& work, const model::UnitSet& removed, Progress& progress) {
  Walk walk(work, "mask tuning", progress);
  const model::Layout& layout = work.model.spec().layout;
  for (int layer = 0; layer < work.model.spec().layer_count(); ++layer)
    for (const model::Site site : {model::attention_site(layer), model::ffn_site(layer)}) {
      const model::SiteLayout& all = layout.at(site);
      const refit::Gram& sums = walk.enter(site);
      const at::Tensor inputs = kept_inputs(all, removed.at(site), sums.xx.device());
      refit::Affine kept = rows_of(walk.whole(), inputs);
      const at::Tensor scales = unit_scales(of_inputs(sums, inputs), kept, all.unit_size, kScaleDamping);
      if (scales.numel() > 0 && scales.abs().max().item<double>() <= kMostScale)
        kept.matrix = kept.matrix * scales.repeat_interleave(all.unit_size).unsqueeze(1);
      walk.leave(removed.at(site), kept);
    }
  return walk.finish(removed, kScaleDamping);
}

}  // namespace

// Kwon et al. 2022 (arXiv 2204.09656): units by the diagonal of the gates' Fisher information, exchanged within each site by its block of
// it, and a factor for each unit that is kept, by least squares towards the dense model's residual stream.
Baseline kwon_baseline() {
  return {.name = "kwon",
          .description = "Fisher information of gates, exchanged within sites, then a least-squares factor for each kept unit",
          .scorer = "fisher",
          .select = select_kwon,
          .fit = fit_kwon};
}

}  // namespace hies::baseline
