#include "hies/baseline/baseline.h"
#include "hies/baseline/equal_shares.h"
#include "hies/baseline/obs_torch.h"
#include "hies/baseline/walk_torch.h"
#include "hies/pipeline/plan_input.h"

namespace hies::baseline {
namespace {

constexpr double kDamping = 1e-2;

// Calls visit(site, sums) for every site in the order of the layers, and leaves each with what it returns: the removed units, whose inputs
// get no weight, the others fitted to the site's own output.
template <class Visit>
void walk_sites(Walk& walk, const Work& work, const Visit& removed_at) {
  for (int layer = 0; layer < work.model.spec().layer_count(); ++layer)
    for (const model::Site site : {model::attention_site(layer), model::ffn_site(layer)}) {
      const refit::Gram& sums = walk.enter(site);
      const std::vector<int> removed = removed_at(site, sums);
      const at::Tensor inputs = kept_inputs(work.model.spec().layout.at(site), removed, sums.xx.device());
      // A site that loses nothing gives what it did before.
      walk.leave(removed,
                 removed.empty() ? rows_of(walk.whole(), inputs) : obs_fitted(sums, walk.whole(), inputs, kDamping).affine);
    }
}

model::UnitSet select_osscar(const Work& work, Progress& progress) {
  const pipeline::OwnedPlanInput owned(work.scores, work.method);
  const prune::PlanInput input = owned.input();
  const auto counts = equal_shares(input, work.budget);
  Walk walk(work, "second-order selection", progress);
  model::UnitSet removed;
  walk_sites(walk, work, [&](model::Site site, const refit::Gram& sums) -> std::vector<int> {
    if (!input.units.contains(site)) return {};
    const model::SiteLayout& all = input.layout.at(site);
    std::vector<std::vector<std::int64_t>> places;
    for (const std::vector<int>& members : input.units.at(site)) {
      std::vector<std::int64_t>& own = places.emplace_back();
      for (const int member : members)
        for (int i = 0; i < all.unit_size; ++i) own.push_back(std::int64_t{all.position_of(member)} * all.unit_size + i);
    }
    for (const std::size_t unit : obs_selected(sums, walk.whole(), places, counts.at(site), kDamping))
      removed.insert(site, input.units.at(site)[unit]);
    return removed.at(site);
  });
  return removed;
}

refit::Refit fit_osscar(const Work& work, const model::UnitSet& removed, Progress& progress) {
  Walk walk(work, "second-order update", progress);
  walk_sites(walk, work, [&](model::Site site, const refit::Gram&) { return removed.at(site); });
  return walk.finish(removed, kDamping);
}

}  // namespace

// OSSCAR (Meng et al. 2024, arXiv 2403.12983): the same share of every site; within it, backward selection by the second-order error of the
// site's own output with the inverse of XᵀX, and the least-squares weights of what is kept. X is of the model as pruned so far. Without the
// authors' exchange of units after the selection.
Baseline osscar_baseline() {
  return {.name = "osscar",
          .description = "second-order selection in each site with the inverse Gram matrix, and the update that goes with it",
          .scorer = "l2",
          .select = select_osscar,
          .fit = fit_osscar};
}

}  // namespace hies::baseline
