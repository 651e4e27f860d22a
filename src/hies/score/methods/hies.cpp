#include "hies/score/methods/hies.h"

#include "hies/score/methods/normalise.h"

namespace hies::score {

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
