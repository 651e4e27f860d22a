#include "hies/eval/collect.h"

#include <algorithm>
#include <cmath>

#include "hies/base/error.h"

namespace hies::eval {
namespace {

void check_finite(std::span<const double> logits, const data::Dataset& dataset, std::int64_t example) {
  for (const double logit : logits) {
    if (!std::isfinite(logit))
      throw Error(ErrorKind::bad_input,
                  fmt::format("{}: the model answers row {} with {}", dataset.source.string(),
                              dataset.examples[static_cast<std::size_t>(example)].row, logit),
                  "the model's numbers overflow: try --dtype float64");
  }
}

double answer(std::span<const double> logits, model::Problem problem) {
  if (problem == model::Problem::regression) return logits.front();
  return static_cast<double>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

}  // namespace

Predictions unfilled(const model::ModelSpec& spec, std::int64_t examples, bool with_losses) {
  const auto count = static_cast<std::size_t>(examples), classes = spec.labels.size();
  return {static_cast<std::int64_t>(classes), std::vector<double>(count * classes), std::vector<double>(with_losses ? count : 0),
          std::vector<double>(count)};
}

void collect(const model::RunResult& result, const model::Batch& batch, const data::Dataset& dataset, model::Problem problem,
             Predictions& into) {
  const auto classes = static_cast<std::size_t>(into.classes);
  for (std::size_t b = 0; b < batch.examples.size(); ++b) {
    const auto logits = std::span(result.logits).subspan(b * classes, classes);
    check_finite(logits, dataset, batch.examples[b]);
    const auto example = static_cast<std::size_t>(batch.examples[b]);
    std::copy(logits.begin(), logits.end(), into.logits.begin() + static_cast<std::ptrdiff_t>(example * classes));
    into.answers[example] = answer(logits, problem);
    if (!into.losses.empty()) into.losses[example] = result.losses[b];
  }
}

}  // namespace hies::eval
