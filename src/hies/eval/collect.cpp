#include "hies/eval/collect.h"

#include <algorithm>

namespace hies::eval {
namespace {

double answer(std::span<const double> logits, model::Problem problem) {
  if (problem == model::Problem::regression) return logits.front();
  if (problem == model::Problem::hidden_states) return 0;
  return static_cast<double>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

// The judged rows of a batch, sequence by sequence.
class Judged {
 public:
  Judged(const model::RunResult& result, const model::Batch& batch, const data::Dataset& dataset, Predictions& into)
      : result_(result), batch_(batch), dataset_(dataset), into_(into) {}

  void collect() {
    std::int64_t last = -1;
    std::size_t choice = 0;
    for (std::int64_t b = 0; b < batch_.size(); ++b) {
      const std::int64_t example = batch_.examples[static_cast<std::size_t>(b)];
      if (example != last) choice = 0;
      last = example;
      const std::size_t begin = row_;
      while (row_ < batch_.target_rows.size() && batch_.target_rows[row_] < batch_.offsets[static_cast<std::size_t>(b) + 1])
        ++row_;
      if (begin < row_) take(static_cast<std::size_t>(b), static_cast<std::size_t>(example), choice++, begin);
    }
  }

 private:
  void take(std::size_t b, std::size_t example, std::size_t choice, std::size_t begin) {
    double sum = 0;
    for (std::size_t row = begin; row < row_; ++row) sum += result_.log_probabilities[row];
    const data::Example& asked = dataset_.examples[example];
    into_.log_likelihoods[static_cast<std::size_t>(into_.likelihoods_of[example]) + choice] = sum;
    // A question's loss is that of the right choice.
    const bool right = asked.choices.empty() || choice == static_cast<std::size_t>(asked.label);
    if (right && !into_.losses.empty()) into_.losses[example] = result_.losses[b];
    if (asked.choices.empty())
      std::copy(result_.top_tokens.begin() + static_cast<std::ptrdiff_t>(begin),
                result_.top_tokens.begin() + static_cast<std::ptrdiff_t>(row_),
                into_.top_tokens.begin() + into_.tokens_of[example]);
    else if (choice + 1 == asked.choices.size())
      into_.answers[example] = answer(into_.likelihoods(example), model::Problem::causal_lm);
  }

  const model::RunResult& result_;
  const model::Batch& batch_;
  const data::Dataset& dataset_;
  Predictions& into_;
  std::size_t row_ = 0;  // the next judged one
};

}  // namespace

Predictions unfilled(const model::ModelSpec& spec, const data::Dataset& dataset, bool with_losses) {
  const std::size_t count = dataset.examples.size();
  const std::size_t classes = spec.problem == model::Problem::causal_lm ? 0 : static_cast<std::size_t>(spec.outputs());
  Predictions unfilled;
  unfilled.classes = static_cast<std::int64_t>(classes);
  unfilled.logits.resize(count * classes);
  unfilled.losses.resize(with_losses ? count : 0);
  unfilled.answers.resize(count);
  if (spec.problem != model::Problem::causal_lm) return unfilled;
  unfilled.likelihoods_of.assign(1, 0);
  unfilled.tokens_of.assign(1, 0);
  for (const data::Example& example : dataset.examples) {
    const std::int64_t likelihoods = example.choices.empty() ? 1 : std::ssize(example.choices);
    unfilled.likelihoods_of.push_back(unfilled.likelihoods_of.back() + likelihoods);
    unfilled.tokens_of.push_back(unfilled.tokens_of.back() + example.targets);
  }
  unfilled.log_likelihoods.resize(static_cast<std::size_t>(unfilled.likelihoods_of.back()));
  unfilled.top_tokens.resize(static_cast<std::size_t>(unfilled.tokens_of.back()));
  return unfilled;
}

void collect(const model::RunResult& result, const model::Batch& batch, const data::Dataset& dataset, model::Problem problem,
             Predictions& into) {
  if (problem == model::Problem::causal_lm) return Judged(result, batch, dataset, into).collect();
  const auto classes = static_cast<std::size_t>(into.classes);
  for (std::size_t b = 0; b < batch.examples.size(); ++b) {
    const auto logits = std::span(result.logits).subspan(b * classes, classes);
    const auto example = static_cast<std::size_t>(batch.examples[b]);
    std::copy(logits.begin(), logits.end(), into.logits.begin() + static_cast<std::ptrdiff_t>(example * classes));
    into.answers[example] = answer(logits, problem);
    if (!into.losses.empty()) into.losses[example] = result.losses[b];
  }
}

}  // namespace hies::eval
