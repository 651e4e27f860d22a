#include "hies/score/methods/ad.h"

#include "hies/score/methods/normalise.h"

namespace hies::score {

Method ad_method() {
  return {.name = "ad",
          .description = "keeps heads that attend broadly (the paper's baseline)",
          .tables = {"ae"},
          .keep_scores = [](const Scores& scores, const MethodOptions& options) {
            return ranked(scores.table("ae"), parse_scope(options.normalise));
          }};
}

}  // namespace hies::score
