#include "hies/eval/stability.h"

#include <algorithm>
#include <cmath>

#include "hies/base/error.h"

namespace hies::eval {

void check_tolerance(double share) {
  if (!(share >= 0 && share <= 1)) bad_input("`stability_tolerance` is {}, but it is a share of the label range, 0 … 1", share);
}

double agreement_tolerance(const data::Task& task, const data::Dataset& dataset, const Predictions& reference, double share) {
  check_tolerance(share);
  if (task.problem != model::Problem::regression) return 0;
  if (task.label_range) return share * (task.label_range->second - task.label_range->first);
  if (dataset.has_labels) return share * (dataset.label_range.second - dataset.label_range.first);
  check(!reference.answers.empty(), "agreement is of at least one example");
  const auto [least, most] = std::minmax_element(reference.answers.begin(), reference.answers.end());
  return share * (*most - *least);
}

double stability(const Predictions& predictions, const Predictions& reference, double tolerance) {
  check(!reference.answers.empty() && predictions.answers.size() == reference.answers.size(),
        "stability compares two answers per example");
  std::int64_t agreeing = 0;
  if (!reference.top_tokens.empty()) {
    check(predictions.top_tokens.size() == reference.top_tokens.size(), "both judge the same tokens");
    for (std::size_t i = 0; i < reference.top_tokens.size(); ++i)
      agreeing += predictions.top_tokens[i] == reference.top_tokens[i];
    return static_cast<double>(agreeing) / static_cast<double>(reference.top_tokens.size());
  }
  for (std::size_t i = 0; i < reference.answers.size(); ++i)
    agreeing += std::abs(predictions.answers[i] - reference.answers[i]) <= tolerance;
  return static_cast<double>(agreeing) / static_cast<double>(reference.answers.size());
}

}  // namespace hies::eval
