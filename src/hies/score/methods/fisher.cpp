#include "hies/score/methods/method.h"
#include "hies/score/methods/normalise.h"

namespace hies::score {

// Squared gradients of gates: the increase of the loss that second-order expansion gives where its gradient vanishes (Kwon et al. 2022).
Method fisher_method() {
  return {
      .name = "fisher",
      .description = "mean squared gradient of the gate, against the FLOPs that the unit saves",
      .tables = {"fisher"},
      .keep_scores = [](const Scores& scores,
                        const MethodOptions& options) { return ranked(scores.table("fisher"), parse_scope(options.normalise)); },
      .additive = true};
}

}  // namespace hies::score
