#include "hies/score/objectives/logit_norm.h"

#include "hies/score/objectives/rows.h"

namespace hies::score {
namespace {

class LogitNorm : public model::Objective {
 public:
  std::string_view name() const noexcept override { return "logit-norm"; }
  void evaluate(const model::LogitRows& rows, std::span<double> losses, std::span<double> gradient) const override {
    for_each_row(rows, losses, gradient, [](std::size_t, std::span<const double> logits, std::span<double> gradient_row) {
      double squares = 0;
      for (std::size_t j = 0; j < logits.size(); ++j) {
        squares += logits[j] * logits[j];
        if (!gradient_row.empty()) gradient_row[j] = logits[j];
      }
      return squares / 2;
    });
  }
};

}  // namespace

ObjectiveKind logit_norm() noexcept {
  return {.name = "logit-norm",
          .description = "half the squared norm of the logits; needs no labels",
          .problem = std::nullopt,
          .token_loss = model::TokenLoss::logit_norm,
          .needs_labels = false,
          .curvature = 1,
          .make = [](std::span<const double>, const model::Draw&) -> std::unique_ptr<model::Objective> {
            return std::make_unique<LogitNorm>();
          }};
}

}  // namespace hies::score
