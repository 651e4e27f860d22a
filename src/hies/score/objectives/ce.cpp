#include "hies/score/objectives/ce.h"

#include "hies/score/objectives/rows.h"
#include "hies/score/objectives/softmax.h"

namespace hies::score {
namespace {

class CrossEntropy : public model::Objective {
 public:
  explicit CrossEntropy(std::span<const double> labels) : labels_(labels) {}
  std::string_view name() const noexcept override { return "ce"; }
  void evaluate(const model::LogitRows& rows, std::span<double> losses, std::span<double> gradient) const override {
    for_each_row(rows, losses, gradient, [&](std::size_t row, std::span<const double> logits, std::span<double> gradient_row) {
      return softmax_cross_entropy(logits, static_cast<std::size_t>(labels_.of(rows, row)), gradient_row);
    });
  }

 private:
  Labels labels_;
};

}  // namespace

ObjectiveKind ce() noexcept {
  return {.name = "ce",
          .description = "cross-entropy against the labels",
          .problem = model::Problem::classification,
          .token_loss = model::TokenLoss::cross_entropy,
          .needs_labels = true,
          .curvature = 0.5,  // of diag(p) − p pᵀ, reached at p = (½, ½, 0 …)
          .make = [](std::span<const double> labels, const model::Draw&) -> std::unique_ptr<model::Objective> {
            return std::make_unique<CrossEntropy>(labels);
          }};
}

}  // namespace hies::score
