#include "hies/score/scores.h"
#include "hies/score/statistics/statistic.h"

namespace hies::score {

// Representational knowledge (K-prune: Park et al. 2024, arXiv 2308.03449): what the unit adds to the residual stream, its mean square over
// tokens: E ‖x_u V_u‖².
Statistic contribution_statistic() {
  return {.name = "contribution",
          .description = "mean square of what the unit adds to the residual stream",
          .sites = {model::SiteKind::attention, model::SiteKind::ffn},
          .record = [](model::Recorder& recorder) { recorder.want_output_inputs = true; },
          .tables = {{"contribution"}},
          .reduce =
              [](const StatisticInput& input, Scores& scores) {
                model::UnitTable<double>& table = scores.tables["contribution"];
                for (const auto& [site, sums] : input.examples->output_inputs) {
                  if (!input.wants(site.kind)) continue;
                  for (const double sum : sums.contributions) table[site].push_back(sum / static_cast<double>(sums.tokens));
                }
                for (const auto& [site, units] : scores.layout)
                  if (input.wants(site.kind)) table[site].resize(units.units.size());
              }};
}

}  // namespace hies::score
