#include "hies/sweep/refitted_model.h"

#include "hies/pipeline/refit_rows.h"
#include "hies/prune/plan.h"
#include "hies/refit/refit.h"

namespace hies::sweep {
namespace {

evidence::Refitted stored(const refit::Refit& refit) {
  evidence::Refitted refitted{
      refit.damping, refit.examples, refit.tokens, refit.heldout, refit.divergence_before, refit.divergence_after, {}};
  for (const refit::Refit::Gain& gain : refit.gains)
    refitted.sites.push_back({gain.site.layer, std::string(model::site_kind_name(gain.site.kind)), gain.before, gain.after});
  return refitted;
}

refit::Refit fitted(const RunInputs& data, const SweepOptions& options, const ScoredRun& scored, const engine::Model& model,
                    const MaskGroup& group) {
  const Cell& cell = group.refitted;
  if (cell.method.baseline != nullptr) {
    const CellWork parts = cell_work(data, options, scored, cell);
    return cell.method.baseline->fit(parts.work(data, options, model, cell), group.removed, silent_progress());
  }
  const auto [seed, examples] = rows_of(cell, options);
  const pipeline::CalibrationParts rows = refit_rows(data, options, seed, examples);
  refit::RefitOptions fit = options.refit_options;
  fit.refit = cell.refit;
  return refit::refit(model, group.removed, rows.fitted, rows.heldout, fit);
}

}  // namespace

RefittedModel evaluate_refitted(const RunInputs& data, const SweepOptions& options, const ScoredRun& scored,
                                const engine::Model& model, const MaskGroup& group) {
  const refit::Refit refit = fitted(data, options, scored, model, group);
  const engine::Model refitted = engine::Model::load(data.checkpoint, options.execution, refit.whole);
  prune::Plan plan;
  plan.removed = group.removed;
  const model::Gates gates = prune::gates(plan, data.checkpoint->spec().layout);
  return {eval::predict(refitted, data.evaluation.dataset, &gates, data.evaluation.objective.get(), options.eval.batch_tokens),
          stored(refit)};
}

}  // namespace hies::sweep
