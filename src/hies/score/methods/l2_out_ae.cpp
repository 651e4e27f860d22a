#include "hies/score/methods/method.h"
#include "hies/score/methods/normalise.h"

namespace hies::score {

// L2-out in the place of HIS in Eq. 1 (App. D.9).
Method l2_out_ae_method() {
  return {.name = "l2-out+ae",
          .description = "norm of the output and concentration, weighed by alpha",
          .tables = {"l2-out", "ae"},
          .keep_scores =
              [](const Scores& scores, const MethodOptions& options) {
                return mix(scores.table("l2-out"), scores.table("ae"), options.alpha, parse_scope(options.normalise));
              },
          .takes_alpha = true};
}

}  // namespace hies::score
