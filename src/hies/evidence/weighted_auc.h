#pragma once

#include <span>

namespace hies::evidence {

// Returns the area under the curve of quality over the pruning ratio, weighted by the ratio: Σ ρ·q(ρ) / Σ ρ (reference/PAPER.md,
// §3), in the unit of the quality. The weights are equal where all ratios are 0. `ratios` and `quality` have equal lengths of at
// least one.
double weighted_auc(std::span<const double> ratios, std::span<const double> quality);

}  // namespace hies::evidence
