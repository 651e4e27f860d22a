#include <algorithm>

#include "hies/score/methods/method.h"
#include "hies/score/methods/normalise.h"

namespace hies::score {
namespace {

constexpr int kFirstKept = 3;  // layers that the method keeps at the beginning; one more at the end

}  // namespace

// LLM-Pruner, block-wise (Ma et al. 2023, arXiv 2305.11627; HIES paper, baselines): Taylor scores of whole heads, ranked over all layers
// but the first three and the last. Where the layers between them do not hold what a budget removes, these lose units after all others.
Method llm_pruner_block_method() {
  return {.name = "llm-pruner-block",
          .description = "|weights times their gradients| of whole heads; the first three layers and the last lose theirs last",
          .tables = {"taylor"},
          .keep_scores =
              [](const Scores& scores, const MethodOptions& options) {
                model::UnitTable<double> keep = ranked(scores.table("taylor"), parse_scope(options.normalise));
                double greatest = 0;
                for (const auto& [site, row] : keep)
                  for (const double value : row) greatest = std::max(greatest, value);
                for (auto& [site, row] : keep)
                  if (site.layer < kFirstKept || site.layer + 1 == scores.layout.layer_count())
                    for (double& value : row) value += 2 * greatest;
                return keep;
              },
          .heads_only = true};
}

}  // namespace hies::score
