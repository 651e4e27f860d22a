#pragma once

#include <span>

namespace hies::evidence {

// Area under the curve of quality over the pruning ratio, weighted by the ratio: Σ ρ·q(ρ) / Σ ρ (reference/PAPER.md, §3), in the unit
// of the quality. Of equal weights where all ratios are 0. As many numbers in both, at least one.
double weighted_auc(std::span<const double> ratios, std::span<const double> quality);

}  // namespace hies::evidence
