#include <cmath>

#include "hies/score/scores.h"
#include "hies/score/statistics/output_matrix.h"
#include "hies/score/statistics/statistic.h"

namespace hies::score {

// Wanda (Sun et al. 2024, arXiv 2306.11695): |W_ij|·‖x_j‖₂ of the weights of output matrices, summed over all of a unit. ‖x_j‖₂ is that of
// an input over the calibration tokens, here divided by the root of their number.
Statistic wanda_statistic() {
  return {.name = "wanda",
          .description = "|weight| × norm of its input, summed over the unit's columns of the output matrix",
          .sites = {model::SiteKind::attention, model::SiteKind::ffn},
          .record = [](model::Recorder& recorder) { recorder.want_output_inputs = true; },
          .tables = {{"wanda"}},
          .reduce =
              [](const StatisticInput& input, Scores& scores) {
                scores.tables["wanda"] = sums_of_columns(
                    input, [](const engine::OutputInputs& sums, std::size_t column, const std::vector<double>& weights) {
                      double absolute = 0;
                      for (const double weight : weights) absolute += std::abs(weight);
                      return absolute * std::sqrt(sums.squares[column] / static_cast<double>(sums.tokens));
                    });
              }};
}

}  // namespace hies::score
