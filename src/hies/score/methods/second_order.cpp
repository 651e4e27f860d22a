#include "hies/score/methods/second_order.h"

#include "hies/score/methods/normalise.h"
#include "hies/score/statistics/second_order.h"

namespace hies::score {

Method second_order_method() {
  return {.name = "his+second-order",
          .description = "both terms of the paper's bound on the loss increase",
          .tables = {"second-order"},
          .keep_scores = [](const Scores& scores, const MethodOptions& options) {
            model::UnitTable<double> bound = scores.table(kGateGradient);
            const model::UnitTable<double>& squares = scores.table(kOutputSquares);
            for (auto& [site, row] : bound) {
              const double norm = scores.site_value(kOutputNorm, site);
              const double beta = scores.constant(kCurvature) * norm * norm;
              for (std::size_t head = 0; head < row.size(); ++head) row[head] += beta / 2 * squares.at(site)[head];
            }
            return ranked(std::move(bound), parse_scope(options.normalise));
          }};
}

}  // namespace hies::score
