#include "hies/score/scores.h"
#include "hies/score/statistics/mean.h"
#include "hies/score/statistics/statistic.h"

namespace hies::score {
namespace {

// Returns E (∂Loss/∂m)² of each head, not divided by the number of tokens.
model::UnitTable<double> squared_gradients(const StatisticInput& input, const Scores& scores) {
  return mean_over_examples(scores.layout, *input.examples, [](const model::Recorder::Layer& layer, std::size_t, std::size_t i) {
    return layer.inner[i] * layer.inner[i];
  });
}

}  // namespace

// Diagonal of the Fisher information of the gates (Kwon et al. 2022, Eq. 6): additive, so that units of both sites compare by score and
// cost.
Statistic fisher_statistic() {
  return {.name = "fisher",
          .description = "mean squared gradient of the gate; the one score that compares heads with neurons",
          .sites = {model::SiteKind::attention, model::SiteKind::ffn},
          .needs_gradient = true,
          .tables = {{"fisher"}},
          .reduce = [](const StatisticInput& input, Scores& scores) {
            model::UnitTable<double>& table = scores.tables["fisher"];
            if (input.wants(model::SiteKind::attention)) table = squared_gradients(input, scores);
            if (input.wants(model::SiteKind::ffn))
              add_neuron_means(scores.layout, *input.examples, &model::Recorder::Layer::neuron_sq, table);
          }};
}

}  // namespace hies::score
