#include "hies/score/methods/method.h"
#include "hies/score/methods/normalise.h"

namespace hies::score {

// Minitron (Muralidharan et al. 2024): the units whose outputs are smallest are removed first.
Method minitron_method() {
  return {.name = "minitron",
          .description = "norm of what the output matrix reads",
          .tables = {"minitron"},
          .keep_scores = [](const Scores& scores, const MethodOptions& options) {
            return ranked(scores.table("minitron"), parse_scope(options.normalise));
          }};
}

}  // namespace hies::score
