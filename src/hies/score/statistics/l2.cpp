#include "hies/score/scores.h"
#include "hies/score/statistics/statistic.h"
#include "hies/score/statistics/weight_norms.h"

namespace hies::score {

// The norm of the head's weights.
Statistic l2_statistic() {
  return {.name = "l2",
          .description = "norm of the head's weights",
          .by_default = true,
          .tables = {{"l2", Aggregation::norm}},
          .read_weights = [](const StatisticInput& input, Scores& scores) { scores.tables["l2"] = weight_l2(input.checkpoint); }};
}

}  // namespace hies::score
