#include "hies/score/methods/method.h"
#include "hies/score/methods/normalise.h"

namespace hies::score {

// First-order Taylor expansion in the weights (Molchanov et al. 2019).
Method taylor_method() {
  return {.name = "taylor",
          .description = "|weights times their gradients|, summed over the unit",
          .tables = {"taylor"},
          .keep_scores = [](const Scores& scores, const MethodOptions& options) {
            return ranked(scores.table("taylor"), parse_scope(options.normalise));
          }};
}

}  // namespace hies::score
