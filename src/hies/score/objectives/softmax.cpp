#include "hies/score/objectives/softmax.h"

#include <algorithm>
#include <cmath>

namespace hies::score {

std::size_t argmax(std::span<const double> logits) {
  return static_cast<std::size_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

std::size_t softmax_sample(std::span<const double> logits, double uniform) {
  const double top = logits[argmax(logits)];
  double all = 0;
  for (const double logit : logits) all += std::exp(logit - top);
  double sum = 0;
  for (std::size_t j = 0; j + 1 < logits.size(); ++j) {
    sum += std::exp(logits[j] - top);
    if (sum > uniform * all) return j;
  }
  return logits.size() - 1;
}

double softmax_cross_entropy(std::span<const double> logits, std::size_t label, std::span<double> gradient) {
  const std::size_t top = argmax(logits);
  // The largest term, e⁰ = 1, is kept apart: a loss near 0 then has all its digits.
  double rest = 0;
  for (std::size_t j = 0; j < logits.size(); ++j)
    if (j != top) rest += std::exp(logits[j] - logits[top]);
  if (!gradient.empty()) {
    double others = 0;
    for (std::size_t j = 0; j < logits.size(); ++j) {
      gradient[j] = std::exp(logits[j] - logits[top]) / (1 + rest);
      if (j != label) others += gradient[j];
    }
    gradient[label] = -others;  // p − 1, without the cancellation
  }
  return (logits[top] - logits[label]) + std::log1p(rest);
}

}  // namespace hies::score
