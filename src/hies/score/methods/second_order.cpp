#include "hies/score/statistics/second_order.h"
#include "hies/score/methods/method.h"
#include "hies/score/methods/normalise.h"

namespace hies::score {

// The terms of the bound on the loss increase (Eq. 3, 4): E|⟨∇L, A⟩| (not averaged over tokens) + (β/2)·E‖A‖²_F,
// β = c·‖W_O‖₂² with the spectral norm of the layer's output projection. c is the curvature of the loss in its logits: ½ for a
// softmax of any number of labels (with two, ½ is reached at p = ½; the ¼ of Eq. 4 is for one logit under a sigmoid, which no loss
// here has), 2 for the squared error, 1 for logit-norm.
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
