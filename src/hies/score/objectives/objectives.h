#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "hies/model/objective.h"
#include "hies/model/spec.h"

namespace hies::score {

// One loss that heads can be scored with. All data but for `make`: a loss is one pair of files and one line in objectives.cpp.
struct ObjectiveKind {
  std::string_view name;
  std::string_view description;           // one line
  std::optional<model::Problem> problem;  // what the model must predict; any when not set
  // Its form for language models, which needs no labels: the text has them. Not set: it has none.
  std::optional<model::TokenLoss> token_loss;
  bool needs_labels = false;
  bool drawn = false;  // the answers are random: ScoreOptions::draws of them are averaged
  // Largest eigenvalue that the Hessian of an example's loss with respect to its logits can have: the smoothness that the
  // second-order term of the paper's bound stands on.
  double curvature = 0;
  std::unique_ptr<model::Objective> (*make)(std::span<const double> labels, const model::Draw& draw) = nullptr;
};

// All losses, in the order in which they are listed to the user.
std::span<const ObjectiveKind> objectives() noexcept;

// Why the list holds no divergence from the model's own output; for `--help` and `hies methods`.
extern const std::string_view kNoDivergenceNote;

// Throws bad_input for an unknown name, with the known ones as hint.
const ObjectiveKind& find_objective(std::string_view name);

// The loss that fits what the model predicts: "mse" for a number, else "ce".
const ObjectiveKind& default_objective(const model::ModelSpec& spec);

// Of a language model: an objective whose token_loss() is set, whatever the labels. Else `labels` is indexed by
// model::LogitRows::examples: class ids, or numbers to predict. It is copied; losses without need of labels ignore it. `draw`: of a loss
// that is drawn. Throws
// bad_input when the loss does not fit what the model predicts, when it needs labels and there are none, and for a class id that
// the model does not have.
std::unique_ptr<model::Objective> make_objective(std::string_view name, const model::ModelSpec& spec,
                                                 std::span<const double> labels, const model::Draw& draw = {});

}  // namespace hies::score
