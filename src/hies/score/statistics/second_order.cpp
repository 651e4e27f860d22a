#include "hies/score/statistics/second_order.h"

#include <cmath>

#include "hies/score/objectives/objectives.h"
#include "hies/score/scores.h"
#include "hies/score/statistics/mean.h"
#include "hies/score/statistics/weight_norms.h"

namespace hies::score {
namespace {

using RecordedLayer = model::Recorder::Layer;

void reduce(const StatisticInput& input, Scores& scores) {
  scores.tables[std::string(kGateGradient)] = gate_gradient(scores.layout, *input.examples);
  scores.tables[std::string(kOutputSquares)] = output_squares(scores.layout, *input.examples);
}

void read_weights(const StatisticInput& input, Scores& scores) {
  OutputNorms norms = output_norms(input.checkpoint);
  scores.tables[std::string(kOutputNorm)] = std::move(norms.head);
  scores.site_values[std::string(kOutputNorm)] = std::move(norms.layer);
  scores.constants[std::string(kCurvature)] = input.loss.curvature;
}

}  // namespace

model::UnitTable<double> gate_gradient(const model::Layout& layout, const ExampleStatistics& statistics) {
  return mean_over_examples(layout, statistics,
                            [](const RecordedLayer& layer, std::size_t, std::size_t i) { return std::abs(layer.inner[i]); });
}

model::UnitTable<double> output_squares(const model::Layout& layout, const ExampleStatistics& statistics) {
  return mean_over_examples(layout, statistics,
                            [](const RecordedLayer& layer, std::size_t, std::size_t i) { return layer.out_sq[i]; });
}

// What the paper's bound of the loss increase needs (Eq. 3, 4).
Statistic second_order_statistic() {
  return {.name = "second-order",
          .description = "what the bound of the loss needs (Eq. 3, 4): gate_grad, a_sq and norms of output projections",
          .needs_gradient = true,
          .record = [](model::Recorder& recorder) { recorder.want_out_sq = true; },
          .tables = {{kGateGradient}, {kOutputSquares}, {kOutputNorm}},
          .site_values = {kOutputNorm},
          .constants = {kCurvature},
          .reduce = reduce,
          .read_weights = read_weights};
}

}  // namespace hies::score
