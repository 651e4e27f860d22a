#include "hies/score/methods/l2_out.h"

#include "hies/score/methods/normalise.h"

namespace hies::score {

Method l2_out_method() {
  return {.name = "l2-out",
          .description = "norm of the output",
          .tables = {"l2-out"},
          .keep_scores = [](const Scores& scores, const MethodOptions& options) {
            return ranked(scores.table("l2-out"), parse_scope(options.normalise));
          }};
}

}  // namespace hies::score
