#include "hies/base/rng.h"
#include "hies/score/methods/method.h"

namespace hies::score {

// Uniform in [0, 1). A unit's draw depends on the seed, the sites that are asked for and its place in the original model, not on what
// is pruned already.
Method random_method() {
  return {.name = "random",
          .description = "uniform; report the mean of many seeds, never one draw",
          .tables = {},
          .keep_scores =
              [](const Scores& scores, const MethodOptions& options) {
                Rng rng(options.seed);
                model::UnitTable<double> table;
                for (const auto& [site, present] : scores.layout) {
                  if (!model::names_site_kind(options.sites, site.kind)) continue;
                  std::vector<double> draws(static_cast<std::size_t>(present.original_units));
                  for (double& draw : draws) draw = rng.uniform();
                  std::vector<double>& row = table[site];
                  for (const int head : present.units) row.push_back(draws[static_cast<std::size_t>(head)]);
                }
                return table;
              },
          .drawn = true};
}

}  // namespace hies::score
