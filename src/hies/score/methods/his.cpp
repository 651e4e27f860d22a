#include "hies/score/methods/method.h"
#include "hies/score/methods/normalise.h"

namespace hies::score {

// HIS (Eq. 2): the head to which the loss reacts least is removed first.
Method his_method() {
  return {.name = "his",
          .description = "head importance alone",
          .tables = {"his"},
          .keep_scores = [](const Scores& scores, const MethodOptions& options) {
            return ranked(scores.table("his"), parse_scope(options.normalise));
          }};
}

}  // namespace hies::score
