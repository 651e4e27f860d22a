#include "hies/score/objectives/sampled.h"

#include <cmath>
#include <numbers>

#include "hies/base/rng.h"
#include "hies/score/objectives/rows.h"
#include "hies/score/objectives/softmax.h"

namespace hies::score {
namespace {

// −ln of the probability of an answer that is drawn from the model's own distribution: of classes softmax(logits), of a number
// N(prediction, 1). The answer depends on the draw and the example alone, and the gradient takes it as given.
class Sampled : public model::Objective {
 public:
  explicit Sampled(const model::Draw& draw) : draw_(draw) {}
  std::string_view name() const noexcept override { return "sampled"; }
  void evaluate(const model::LogitRows& rows, std::span<double> losses, std::span<double> gradient) const override {
    for_each_row(rows, losses, gradient, [&](std::size_t row, std::span<const double> logits, std::span<double> gradient_row) {
      Rng rng = rng_of(draw_.seed, {draw_.index, rows.examples[row]});
      if (logits.size() > 1) return softmax_cross_entropy(logits, softmax_sample(logits, rng.uniform()), gradient_row);
      const double error = normal(rng);  // the answer minus the prediction
      if (!gradient_row.empty()) gradient_row[0] = -error;
      return error * error / 2;
    });
  }

 private:
  // Box and Muller 1958.
  static double normal(Rng& rng) {
    const double radius = std::sqrt(-2 * std::log1p(-rng.uniform()));
    return radius * std::cos(2 * std::numbers::pi * rng.uniform());
  }

  model::Draw draw_;
};

}  // namespace

ObjectiveKind sampled() noexcept {
  return {.name = "sampled",
          .description =
              "cross-entropy against answers drawn from the model's own probabilities: fisher is then the true Fisher "
              "information; needs no labels",
          .problem = std::nullopt,
          .token_loss = model::TokenLoss::cross_entropy,
          .needs_labels = false,
          .drawn = true,
          .curvature = 1,  // of a number; of classes 0.5, as for ce
          .make = [](std::span<const double>, const model::Draw& draw) -> std::unique_ptr<model::Objective> {
            return std::make_unique<Sampled>(draw);
          }};
}

}  // namespace hies::score
