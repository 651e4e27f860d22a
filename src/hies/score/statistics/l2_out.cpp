#include "hies/score/statistics/l2_out.h"

#include <cmath>

#include "hies/score/scores.h"
#include "hies/score/statistics/mean.h"

namespace hies::score {

model::UnitTable<double> output_norm(const model::Layout& layout, const ExampleStatistics& statistics) {
  using RecordedLayer = model::Recorder::Layer;
  return mean_over_examples(layout, statistics, [&](const RecordedLayer& layer, std::size_t example, std::size_t i) {
    return std::sqrt(layer.out_sq[i] / static_cast<double>(statistics.tokens[example]));
  });
}

// L2-out, the norm of the head's output (HIES paper, App. D.9).
Statistic l2_out_statistic() {
  return {.name = "l2-out",
          .description = "norm of the head's output",
          .by_default = true,
          .record = [](model::Recorder& recorder) { recorder.want_out_sq = true; },
          .tables = {{"l2-out", Aggregation::norm}},
          .reduce = [](const StatisticInput& input,
                       Scores& scores) { scores.tables["l2-out"] = output_norm(scores.layout, *input.examples); }};
}

}  // namespace hies::score
