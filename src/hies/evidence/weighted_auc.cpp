#include "hies/evidence/weighted_auc.h"

#include <numeric>

#include "hies/base/error.h"

namespace hies::evidence {

double weighted_auc(std::span<const double> ratios, std::span<const double> quality) {
  check(!ratios.empty() && ratios.size() == quality.size(), "an area is of at least one point");
  const double weight = std::accumulate(ratios.begin(), ratios.end(), 0.0);
  if (weight == 0) return std::accumulate(quality.begin(), quality.end(), 0.0) / static_cast<double>(quality.size());
  return std::inner_product(ratios.begin(), ratios.end(), quality.begin(), 0.0) / weight;
}

}  // namespace hies::evidence
