#include "hies/score/methods/his.h"

#include "hies/score/methods/normalise.h"

namespace hies::score {

Method his_method() {
  return {.name = "his",
          .description = "head importance alone",
          .tables = {"his"},
          .keep_scores = [](const Scores& scores, const MethodOptions& options) {
            return ranked(scores.table("his"), parse_scope(options.normalise));
          }};
}

}  // namespace hies::score
