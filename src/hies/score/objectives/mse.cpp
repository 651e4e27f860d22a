#include "hies/score/objectives/mse.h"

#include "hies/score/objectives/rows.h"

namespace hies::score {
namespace {

class SquaredError : public model::Objective {
 public:
  explicit SquaredError(std::span<const double> labels) : labels_(labels) {}
  std::string_view name() const noexcept override { return "mse"; }
  void evaluate(const model::LogitRows& rows, std::span<double> losses, std::span<double> gradient) const override {
    check(rows.classes == 1, "the squared error is of one logit");
    for_each_row(rows, losses, gradient, [&](std::size_t row, std::span<const double> logits, std::span<double> gradient_row) {
      const double error = logits[0] - labels_.of(rows, row);
      if (!gradient_row.empty()) gradient_row[0] = 2 * error;
      return error * error;
    });
  }

 private:
  Labels labels_;
};

}  // namespace

ObjectiveKind mse() noexcept {
  return {.name = "mse",
          .description = "squared error against the labels",
          .problem = model::Problem::regression,
          .token_loss = std::nullopt,
          .needs_labels = true,
          .curvature = 2,
          .make = [](std::span<const double> labels, const model::Draw&) -> std::unique_ptr<model::Objective> {
            return std::make_unique<SquaredError>(labels);
          }};
}

}  // namespace hies::score
