#include "hies/score/methods/method.h"
#include "hies/score/methods/normalise.h"

namespace hies::score {

// HIES (Eq. 1): alpha·HIS + (1 − alpha)·(1 − AE), each min–max normalised. alpha 1 ranks as his, alpha 0 keeps concentrated heads.
Method hies_method() {
  return {.name = "hies",
          .description = "importance and concentration, weighed by alpha (the default)",
          .tables = {"his", "ae"},
          .keep_scores =
              [](const Scores& scores, const MethodOptions& options) {
                return mix(scores.table("his"), scores.table("ae"), options.alpha, parse_scope(options.normalise));
              },
          .takes_alpha = true};
}

}  // namespace hies::score
