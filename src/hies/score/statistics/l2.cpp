#include "hies/score/scores.h"
#include "hies/score/statistics/statistic.h"
#include "hies/score/statistics/weight_norms.h"

namespace hies::score {

// The norm of the head's weights.
Statistic l2_statistic() {
  return {.name = "l2",
          .description = "norm of the weights of the head or neuron",
          .sites = {model::SiteKind::attention, model::SiteKind::ffn},
          .by_default = true,
          .tables = {{"l2", Aggregation::norm}},
          .read_weights = [](const StatisticInput& input, Scores& scores) {
            model::UnitTable<double>& table = scores.tables["l2"];
            if (input.wants(model::SiteKind::attention)) table = weight_l2(input.checkpoint);
            if (input.wants(model::SiteKind::ffn)) add_neuron_norms(input.checkpoint, table);
          }};
}

}  // namespace hies::score
