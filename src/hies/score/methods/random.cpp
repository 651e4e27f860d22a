#include "hies/base/rng.h"
#include "hies/score/methods/method.h"

namespace hies::score {

// Uniform in [0, 1). A unit's draw depends on the seed and its place in the original model, not on what is pruned already.
Method random_method() {
  return {.name = "random",
          .description = "uniform; report the mean of many seeds, never one draw",
          .tables = {},
          .keep_scores =
              [](const Scores& scores, const MethodOptions& options) {
                Rng rng(options.seed);
                model::UnitTable<double> table;
                for (const model::SiteKind kind : model::parse_site_kinds(options.sites))
                  for (const model::Site site : scores.layout.sites(kind)) {
                    const model::SiteLayout& present = scores.layout.at(site);
                    std::vector<double> draws(static_cast<std::size_t>(present.original_units));
                    for (double& draw : draws) draw = rng.uniform();
                    std::vector<double>& row = table[site];
                    for (const int unit : present.units) row.push_back(draws[static_cast<std::size_t>(unit)]);
                  }
                return table;
              },
          .drawn = true};
}

}  // namespace hies::score
