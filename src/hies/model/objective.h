#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace hies::model {

// Rows of logits that a model has produced, on the host.
struct LogitRows {
  std::span<const double> logits;          // [R, V]
  std::span<const std::int64_t> examples;  // [R] index of each row's example in the data set
  std::int64_t classes = 0;                // V
};

// A loss of a language model. It is computed on the device that holds the rows of logits, a part of them at a time, because they are
// too many to be copied to the host. The loss of a sequence is the mean over its target rows.
enum class TokenLoss {
  cross_entropy,  // −ln p of the target token
  pseudo_label,   // −ln p of the most likely token
  logit_norm,     // ½ Σ logit²
};

// Which of the random answers of a model a loss takes.
struct Draw {
  std::uint64_t seed = 0;
  std::int64_t index = 0;  // 0, 1, …: draws of one seed
};

// A loss with its gradient. One row per example for classifiers; the loss of an example is the sum over its rows.
class Objective {
 public:
  virtual ~Objective() = default;
  virtual std::string_view name() const noexcept = 0;
  // Set: the loss of a language model, and evaluate() is not called.
  virtual std::optional<TokenLoss> token_loss() const noexcept { return std::nullopt; }
  // Set, beside token_loss(): the target tokens are drawn from the model's own probabilities.
  virtual std::optional<Draw> draw() const noexcept { return std::nullopt; }
  // Writes losses [R] and the gradient of each row's loss to its own logits [R, V] (skipped when `gradient` is empty).
  // Pure: the same row gives the same numbers in any company.
  virtual void evaluate(const LogitRows& rows, std::span<double> losses, std::span<double> gradient) const = 0;
};

}  // namespace hies::model
