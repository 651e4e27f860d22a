#pragma once

#include <span>
#include <vector>

#include "hies/base/error.h"
#include "hies/model/objective.h"

namespace hies::score {

// The labels of a data set, found by a row's example.
class Labels {
 public:
  explicit Labels(std::span<const double> labels) : labels_(labels.begin(), labels.end()) {}

  double of(const model::LogitRows& rows, std::size_t row) const {
    const std::int64_t example = rows.examples[row];
    check(example >= 0 && example < static_cast<std::int64_t>(labels_.size()), "an example without label");
    return labels_[static_cast<std::size_t>(example)];
  }

 private:
  std::vector<double> labels_;
};

// Calls visit(row index, its logits [V], its gradient [V] or empty) for every row and stores what it returns as the row's loss.
template <class Visit>
void for_each_row(const model::LogitRows& rows, std::span<double> losses, std::span<double> gradient, const Visit& visit) {
  const auto classes = static_cast<std::size_t>(rows.classes);
  check(rows.logits.size() == rows.examples.size() * classes && losses.size() == rows.examples.size(), "logits and rows differ");
  for (std::size_t row = 0; row < losses.size(); ++row)
    losses[row] = visit(row, rows.logits.subspan(row * classes, classes),
                        gradient.empty() ? gradient : gradient.subspan(row * classes, classes));
}

}  // namespace hies::score
