#include "hies/score/methods/method.h"
#include "hies/score/methods/normalise.h"

namespace hies::score {

// The paper's baseline AD (attention deficit): the keep-score is AE, so that the most concentrated heads are removed first.
Method ad_method() {
  return {.name = "ad",
          .description = "keeps heads that attend broadly (the paper's baseline)",
          .tables = {"ae"},
          .keep_scores = [](const Scores& scores, const MethodOptions& options) {
            return ranked(scores.table("ae"), parse_scope(options.normalise));
          }};
}

}  // namespace hies::score
