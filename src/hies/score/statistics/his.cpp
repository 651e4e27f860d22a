#include "hies/score/statistics/his.h"

#include <algorithm>
#include <cmath>

#include "hies/score/scores.h"
#include "hies/score/statistics/mean.h"

namespace hies::score {
namespace {

using RecordedLayer = model::Recorder::Layer;

model::UnitTable<double> batch_importance(const model::Layout& layout, const ExampleStatistics& statistics,
                                          std::size_t batch_examples) {
  model::UnitTable<double> table(layout, model::SiteKind::attention);
  const auto examples = static_cast<std::size_t>(statistics.size());
  for (auto& [site, row] : table) {
    const std::size_t heads = row.size();
    std::size_t groups = 0;
    for (std::size_t begin = 0; begin < examples; begin += batch_examples, ++groups) {
      const std::size_t end = std::min(examples, begin + batch_examples);
      for (std::size_t head = 0; head < heads; ++head) {
        double sum = 0;
        for (std::size_t example = begin; example < end; ++example)
          sum += statistics.layer(site.layer).inner[example * heads + head] / static_cast<double>(statistics.tokens[example]);
        row[head] += std::abs(sum) / static_cast<double>(end - begin);
      }
    }
    for (double& sum : row) sum /= static_cast<double>(groups);
  }
  return table;
}

}  // namespace

model::UnitTable<double> importance(const model::Layout& layout, const ExampleStatistics& statistics, Granularity granularity,
                                    std::int64_t batch_examples) {
  const auto length = [&](std::size_t example) { return static_cast<double>(statistics.tokens[example]); };
  switch (granularity) {
    case Granularity::example:
      return mean_over_examples(layout, statistics, [&](const RecordedLayer& layer, std::size_t example, std::size_t i) {
        return std::abs(layer.inner[i]) / length(example);
      });
    case Granularity::token:
      return mean_over_examples(layout, statistics, [&](const RecordedLayer& layer, std::size_t example, std::size_t i) {
        return layer.inner_abs[i] / length(example);
      });
    case Granularity::batch: break;
  }
  return batch_importance(layout, statistics, static_cast<std::size_t>(batch_examples));
}

// Head importance, HIS (HIES paper, Eq. 2 and App. B.1.2).
Statistic his_statistic() {
  return {.name = "his",
          .description = "importance (Eq. 2): how the loss reacts to the head or neuron, per token and example",
          .sites = {model::SiteKind::attention, model::SiteKind::ffn},
          .by_default = true,
          .needs_gradient = true,
          .tables = {{"his"}},
          .reduce = [](const StatisticInput& input, Scores& scores) {
            model::UnitTable<double>& table = scores.tables["his"];
            if (input.wants(model::SiteKind::attention))
              table = importance(scores.layout, *input.examples, parse_granularity(input.options.granularity),
                                 input.options.batch_examples);
            if (input.wants(model::SiteKind::ffn))
              add_neuron_means(scores.layout, *input.examples, &model::Recorder::Layer::neuron_abs, table);
          }};
}

}  // namespace hies::score
