#include <cmath>

#include "hies/score/scores.h"
#include "hies/score/statistics/output_matrix.h"
#include "hies/score/statistics/statistic.h"

namespace hies::score {

// Minitron (Muralidharan et al. 2024, arXiv 2407.14679): what the output matrix reads, its absolute values averaged over the tokens of a
// sequence, the root mean square of that over sequences, and of a head the norm over its columns.
Statistic minitron_statistic() {
  return {.name = "minitron",
          .description = "norm over sequences of the mean |input| of the output matrix",
          .sites = {model::SiteKind::attention, model::SiteKind::ffn},
          .record = [](model::Recorder& recorder) { recorder.want_output_inputs = true; },
          .tables = {{"minitron", Aggregation::norm}},
          .reduce =
              [](const StatisticInput& input, Scores& scores) {
                model::UnitTable<double>& table = scores.tables["minitron"];
                table =
                    sums_of_columns(input, [](const engine::OutputInputs& sums, std::size_t column, const std::vector<double>&) {
                      return sums.mean_squares[column] / static_cast<double>(sums.sequences);
                    });
                for (auto& [site, row] : table)
                  for (double& value : row) value = std::sqrt(value);
              }};
}

}  // namespace hies::score
