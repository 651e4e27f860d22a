#include "hies/eval/predict.h"

#include <algorithm>
#include <cmath>

#include "hies/base/error.h"
#include "hies/data/packing.h"

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

Predictions predict(const model::Model& model, const data::Dataset& dataset, const model::HeadGates* gates,
                    const model::Objective* objective, std::int64_t batch_tokens, Progress& progress) {
  const auto count = static_cast<std::size_t>(dataset.size());
  const auto classes = model.spec().labels.size();
  Predictions all;
  all.classes = static_cast<std::int64_t>(classes);
  all.logits.resize(count * classes);
  all.losses.resize(objective == nullptr ? 0 : count);
  all.answers.resize(count);
  progress.begin("predict", dataset.size(), "examples");
  for (const model::Batch& batch : data::pack(dataset, batch_tokens)) {
    Progress::throw_if_cancelled();
    const model::RunResult result = model.run(batch, {.gates = gates, .objective = objective, .probe = nullptr});
    for (std::size_t b = 0; b < batch.examples.size(); ++b) {
      const auto logits = std::span(result.logits).subspan(b * classes, classes);
      check_finite(logits, dataset, batch.examples[b]);
      const auto example = static_cast<std::size_t>(batch.examples[b]);
      std::copy(logits.begin(), logits.end(), all.logits.begin() + static_cast<std::ptrdiff_t>(example * classes));
      all.answers[example] = answer(logits, model.spec().problem);
      if (objective != nullptr) all.losses[example] = result.losses[b];
    }
    progress.advance(batch.size());
  }
  progress.end();
  return all;
}

}  // namespace hies::eval
