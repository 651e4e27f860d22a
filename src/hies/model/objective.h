#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace hies::model {

// Rows of logits that a model has produced, on the host.
struct LogitRows {
  std::span<const double> logits;          // [R, V]
  std::span<const std::int64_t> examples;  // [R] index of each row's example in the data set
  std::int64_t classes = 0;                // V
};

// A loss with its gradient. One row per example for classifiers; the loss of an example is the sum over its rows.
class Objective {
 public:
  virtual ~Objective() = default;
  virtual std::string_view name() const noexcept = 0;
  // Writes losses [R] and the gradient of each row's loss to its own logits [R, V] (skipped when `gradient` is empty).
  // Pure: the same row gives the same numbers in any company.
  virtual void evaluate(const LogitRows& rows, std::span<double> losses, std::span<double> gradient) const = 0;
};

}  // namespace hies::model
