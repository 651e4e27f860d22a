#include "hies/score/objectives/objectives.h"

#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "hies/base/error.h"
#include "hies/base/suggest.h"
#include "hies/score/objectives/ce.h"
#include "hies/score/objectives/logit_norm.h"
#include "hies/score/objectives/mse.h"
#include "hies/score/objectives/pseudo_label.h"
#include "hies/score/objectives/sampled.h"

namespace hies::score {
namespace {

const std::array<ObjectiveKind, 5>& all() noexcept {
  static const std::array<ObjectiveKind, 5> kinds = {ce(), mse(), pseudo_label(), logit_norm(), sampled()};
  return kinds;
}

std::string_view predicts(model::Problem problem) {
  switch (problem) {
    case model::Problem::classification: return "classes";
    case model::Problem::regression: return "a number";
    case model::Problem::causal_lm: return "tokens";
    case model::Problem::hidden_states: return "nothing";
  }
  return "";
}

bool fits(const ObjectiveKind& kind, model::Problem problem) {
  return problem == model::Problem::causal_lm ? kind.token_loss.has_value() : !kind.problem || *kind.problem == problem;
}

// The model computes it, where its logits are.
class OfTokens : public model::Objective {
 public:
  OfTokens(std::string_view name, model::TokenLoss loss, std::optional<model::Draw> draw)
      : name_(name), loss_(loss), draw_(draw) {}
  std::string_view name() const noexcept override { return name_; }
  std::optional<model::TokenLoss> token_loss() const noexcept override { return loss_; }
  std::optional<model::Draw> draw() const noexcept override { return draw_; }
  void evaluate(const model::LogitRows&, std::span<double>, std::span<double>) const override {
    check(false, "the loss of a language model on the host");
  }

 private:
  std::string_view name_;
  model::TokenLoss loss_;
  std::optional<model::Draw> draw_;
};

void check_class_ids(std::span<const double> labels, const model::ModelSpec& spec) {
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const double label = labels[i];
    if (!(label >= 0) || label >= static_cast<double>(spec.labels.size()) || label != std::floor(label))
      bad_input("example {} has label {}, but the model's classes are 0 … {}", i, label, spec.labels.size() - 1);
  }
}

}  // namespace

const std::string_view kNoDivergenceNote =
    "The divergence (KL) from the model's own output is not offered: it is least, and its gradient zero, where nothing is "
    "pruned, "
    "so that every head would score 0. Without labels, use pseudo-label or logit-norm.";

std::span<const ObjectiveKind> objectives() noexcept { return all(); }

const ObjectiveKind& find_objective(std::string_view name) {
  std::vector<std::string> names;
  for (const ObjectiveKind& known : all()) {
    if (known.name == name) return known;
    names.emplace_back(known.name);
  }
  if (name == "kl") throw Error(ErrorKind::bad_input, "loss 'kl' is not offered", std::string(kNoDivergenceNote));
  throw Error(ErrorKind::bad_input, fmt::format("unknown loss '{}'", printable(name)), known_names_hint(name, names));
}

const ObjectiveKind& default_objective(const model::ModelSpec& spec) {
  return find_objective(spec.problem == model::Problem::regression ? "mse" : "ce");
}

std::unique_ptr<model::Objective> make_objective(std::string_view name, const model::ModelSpec& spec,
                                                 std::span<const double> labels, const model::Draw& draw) {
  const ObjectiveKind& kind = find_objective(name);
  if (!fits(kind, spec.problem))
    throw Error(ErrorKind::bad_input,
                fmt::format("loss '{}' needs a model that predicts {}, but this one predicts {}", kind.name,
                            predicts(*kind.problem), predicts(spec.problem)),
                fmt::format("use `loss` {} or logit-norm", default_objective(spec).name));
  if (spec.problem == model::Problem::causal_lm)
    return std::make_unique<OfTokens>(kind.name, *kind.token_loss, kind.drawn ? std::optional(draw) : std::nullopt);
  if (kind.needs_labels && labels.empty())
    throw Error(ErrorKind::bad_input, fmt::format("loss '{}' needs labels, but the data has none", kind.name),
                kind.problem == model::Problem::classification ? "name their column with `label`, or use `loss` pseudo-label"
                                                               : "name their column with `label`, or use `loss` logit-norm");
  if (kind.needs_labels && spec.problem == model::Problem::classification) check_class_ids(labels, spec);
  return kind.make(labels, draw);
}

}  // namespace hies::score
