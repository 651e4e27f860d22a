#include <algorithm>

#include "hies/baseline/baseline.h"
#include "hies/baseline/walk_torch.h"
#include "hies/pipeline/plan_run.h"
#include "hies/score/scorer.h"

namespace hies::baseline {
namespace {

constexpr double kReconstruction = 1e-2;
constexpr double kRepresentation = 2.5e-4;  // λ: weight of representational against predictive knowledge, one of the authors' two
constexpr double kNever = 1e9;              // factor on the greatest score

// Scores the model as it is so far: predictive knowledge, the Fisher information of the gates by labels drawn from the model's own
// probabilities, and representational knowledge. They stand in the place of the Fisher scores.
score::Scores knowledge(const Work& work, const formats::TensorMap& so_far) {
  const engine::Model now = engine::Model::load(work.checkpoint, work.execution, so_far);
  score::ScoreOptions options = work.score;
  options.loss = work.model.spec().problem == model::Problem::hidden_states ? "" : "sampled";
  options.granularity = "example";
  options.tables = {"fisher", "contribution"};
  options.sites = work.method.sites;
  score::Scores scores = score::score_heads(now, work.scored, options);
  scores.model_info.hashes = work.scores.model_info.hashes;
  for (auto& [site, row] : scores.tables.at("fisher")) {
    const std::vector<double>& added = scores.table("contribution").at(site);
    for (std::size_t unit = 0; unit < row.size(); ++unit) row[unit] += kRepresentation * added[unit];
  }
  return scores;
}

// Lets what the sites before `site` have kept stay, whatever its score.
void keep_before(model::Site site, const model::UnitSet& removed, score::Scores& scores) {
  double greatest = 0;
  for (const auto& [where, row] : scores.table("fisher"))
    for (const double value : row) greatest = std::max(greatest, value);
  for (auto& [where, row] : scores.tables.at("fisher")) {
    if (!(where < site)) continue;
    const model::SiteLayout& present = scores.layout.at(where);
    for (std::size_t unit = 0; unit < row.size(); ++unit)
      if (!removed.contains(where, present.units[unit])) row[unit] = kNever * (greatest > 0 ? greatest : 1);
  }
}

model::UnitSet select_kprune(const Work& work, Progress& progress) {
  Walk walk(work, "bottom-up pruning", progress);
  model::UnitSet removed;
  const bool heads = model::names_site_kind(work.method.sites, model::SiteKind::attention),
             neurons = model::names_site_kind(work.method.sites, model::SiteKind::ffn);
  for (int layer = 0; layer < work.model.spec().layer_count(); ++layer)
    for (const model::Site site : {model::attention_site(layer), model::ffn_site(layer)}) {
      std::vector<int> here;
      if (site.kind == model::SiteKind::ffn ? neurons : heads) {
        score::Scores scores = knowledge(work, walk.whole_tensors());
        keep_before(site, removed, scores);
        here = pipeline::run_plan(scores, work.method, work.budget, &removed).removed.at(site);
        removed.insert(site, here);
      }
      const refit::Gram& sums = walk.enter(site);
      const at::Tensor inputs = kept_inputs(work.model.spec().layout.at(site), here, sums.xx.device());
      walk.leave(here, refit::solve(of_inputs(sums, inputs), rows_of(walk.whole(), inputs), kReconstruction).affine);
    }
  return removed;
}

// The reconstruction of the selection, with its damping chosen on held-out rows where there are some.
refit::Refit fit_kprune(const Work& work, const model::UnitSet& removed, Progress& progress) {
  refit::RefitOptions options;
  options.refit = "all";
  if (work.heldout.size() == 0) options.damping = kReconstruction;
  return refit::refit(work.model, removed, work.fitted, work.heldout, options, progress);
}

}  // namespace

// K-prune (Park et al. 2024, arXiv 2308.03449): site after site, bottom up: scores of the model as it is so far decide what the site loses of
// the budget that is left, and its output matrix is fitted to the dense model's residual stream.
Baseline kprune_baseline() {
  return {.name = "kprune",
          .description = "bottom-up: new scores before each site, least squares towards the dense residual stream after it",
          .scorer = "fisher",
          .loss = "sampled",
          .select = select_kprune,
          .fit = fit_kprune};
}

}  // namespace hies::baseline
