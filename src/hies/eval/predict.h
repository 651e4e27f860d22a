#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "hies/base/progress.h"
#include "hies/data/dataset.h"
#include "hies/engine/model.h"
#include "hies/model/layout.h"
#include "hies/model/objective.h"

namespace hies::eval {

// What a model answers to a data set, in the order of the data set. N examples, V labels. A model without a task head gives hidden
// states for logits, V is E, and its answers are 0. Of a language model a likelihood is of one window, or of one choice of a question.
struct Predictions {
  std::int64_t classes = 0;    // V
  std::vector<double> logits;  // [N, V]
  std::vector<double> losses;  // [N], empty without objective
  std::vector<double>
      answers;  // [N] class id (the lowest of equal logits), the predicted number, or the likeliest choice; 0: window

  // Language models only.
  std::vector<double> log_likelihoods;       // sums over the judged tokens, in nats
  std::vector<std::int64_t> likelihoods_of;  // [N+1] where each example's begin
  std::vector<std::int32_t> top_tokens;      // of windows: the most likely token at each judged place
  std::vector<std::int64_t> tokens_of;       // [N+1] where each example's begin

  std::span<const double> likelihoods(std::size_t example) const {
    return std::span(log_likelihoods)
        .subspan(static_cast<std::size_t>(likelihoods_of[example]),
                 static_cast<std::size_t>(likelihoods_of[example + 1] - likelihoods_of[example]));
  }
};

// `gates` null: nothing masked. `objective` null: no losses. Results do not depend on batch_tokens but for rounding.
// Throws bad_input when a logit or log-likelihood is not finite.
Predictions predict(const engine::Model& model, const data::Dataset& dataset, const model::Gates* gates,
                    const model::Objective* objective, std::int64_t batch_tokens, Progress& progress = silent_progress());

}  // namespace hies::eval
