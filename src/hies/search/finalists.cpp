#include "hies/search/finalists.h"

#include <algorithm>

#include "hies/refit/refit.h"

namespace hies::search {

std::size_t choose(std::vector<Finalist>& finalists, Objective& objective, Objective& choice, const engine::Model& model,
                   const refit::RefitOptions& refit, Progress& progress) {
  const bool refits = refit::parse_refit_sites(refit.refit) != refit::RefitSites::none;
  for (Finalist& finalist : finalists) {
    finalist.objective = objective.value(finalist.removed, progress);
    finalist.choice = choice.value(finalist.removed, progress);
    if (refits)
      finalist.refitted =
          refit::refit(model, finalist.removed, objective.rows(), choice.rows(), refit, progress).divergence_after;
  }
  const auto best = std::min_element(finalists.begin(), finalists.end(),
                                     [](const Finalist& a, const Finalist& b) { return a.judged() < b.judged(); });
  return static_cast<std::size_t>(best - finalists.begin());
}

}  // namespace hies::search
