#include "hies/score/objectives/pseudo_label.h"

#include "hies/score/objectives/rows.h"
#include "hies/score/objectives/softmax.h"

namespace hies::score {
namespace {

class PseudoLabel : public model::Objective {
 public:
  std::string_view name() const noexcept override { return "pseudo-label"; }
  void evaluate(const model::LogitRows& rows, std::span<double> losses, std::span<double> gradient) const override {
    for_each_row(rows, losses, gradient, [](std::size_t, std::span<const double> logits, std::span<double> gradient_row) {
      return softmax_cross_entropy(logits, argmax(logits), gradient_row);
    });
  }
};

}  // namespace

ObjectiveKind pseudo_label() noexcept {
  return {.name = "pseudo-label",
          .description = "cross-entropy against the model's own answer; needs no labels",
          .problem = model::Problem::classification,
          .token_loss = model::TokenLoss::pseudo_label,
          .needs_labels = false,
          .curvature = 0.5,  // as for ce
          .make = [](std::span<const double>, const model::Draw&) -> std::unique_ptr<model::Objective> {
            return std::make_unique<PseudoLabel>();
          }};
}

}  // namespace hies::score
