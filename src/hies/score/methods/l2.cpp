#include "hies/score/methods/method.h"
#include "hies/score/methods/normalise.h"

namespace hies::score {

// Norm of the head's weights: the smallest is removed first.
Method l2_method() {
  return {.name = "l2",
          .description = "norm of the weights",
          .tables = {"l2"},
          .keep_scores = [](const Scores& scores, const MethodOptions& options) {
            return ranked(scores.table("l2"), parse_scope(options.normalise));
          }};
}

}  // namespace hies::score
