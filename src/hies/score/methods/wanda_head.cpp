#include "hies/score/methods/method.h"
#include "hies/score/methods/normalise.h"

namespace hies::score {

// Wanda (Sun et al. 2024) for whole heads and neurons: the smallest sum of |W_ij|·‖x_j‖₂ is removed first.
Method wanda_head_method() {
  return {.name = "wanda-head",
          .description = "|weights of the output matrix| times the norms of what they read",
          .tables = {"wanda"},
          .keep_scores = [](const Scores& scores, const MethodOptions& options) {
            return ranked(scores.table("wanda"), parse_scope(options.normalise));
          }};
}

}  // namespace hies::score
