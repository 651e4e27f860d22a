#include "hies/score/methods/method.h"
#include "hies/score/methods/normalise.h"

namespace hies::score {

// Norm of the head's output (App. D.9): the smallest is removed first.
Method l2_out_method() {
  return {.name = "l2-out",
          .description = "norm of the output",
          .tables = {"l2-out"},
          .keep_scores = [](const Scores& scores, const MethodOptions& options) {
            return ranked(scores.table("l2-out"), parse_scope(options.normalise));
          }};
}

}  // namespace hies::score
