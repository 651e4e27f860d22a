#include "hies/score/methods/second_order.h"

#include "hies/score/methods/normalise.h"

namespace hies::score {

Method second_order_method() {
  return {.name = "his+second-order",
          .description = "both terms of the paper's bound on the loss increase",
          .tables = {"second-order"},
          .keep_scores = [](const Scores& scores, const MethodOptions& options) {
            model::HeadTable<double> bound = scores.table("gate_grad");
            const model::HeadTable<double>& squares = scores.table("a_sq");
            for (std::size_t layer = 0; layer < bound.size(); ++layer) {
              const double norm = scores.output_norms->layer[layer];
              const double beta = *scores.curvature * norm * norm;
              for (std::size_t head = 0; head < bound[layer].size(); ++head)
                bound[layer][head] += beta / 2 * squares[layer][head];
            }
            return ranked(std::move(bound), parse_scope(options.normalise));
          }};
}

}  // namespace hies::score
