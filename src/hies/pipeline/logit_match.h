#pragma once

#include <cstdint>
#include <string_view>

#include "hies/base/progress.h"
#include "hies/data/dataset.h"
#include "hies/engine/model.h"
#include "hies/eval/predict.h"
#include "hies/prune/plan.h"

namespace hies::pipeline {

// How closely two models agree on the same examples.
struct LogitMatch {
  std::int64_t examples = 0;
  std::string_view compared = "logits";  // or "log-likelihoods" of a language model, "hidden states" of a model without task head
  double largest_difference = 0;         // between two of them
  double largest_logit = 0;              // in absolute value
  std::int64_t different_answers =
      0;  // examples whose class, choice or most likely token differs, or whose number differs at all
};

// Returns the differences between `got` and `wanted`, which answer the same examples.
LogitMatch match_logits(const eval::Predictions& got, const eval::Predictions& wanted);

// Checks a pruned checkpoint: returns the differences between `pruned` and `whole` with the plan's heads masked.
LogitMatch match_pruned(const engine::Model& pruned, const engine::Model& whole, const prune::Plan& plan,
                        const data::Dataset& dataset, std::int64_t batch_tokens, Progress& progress = silent_progress());

}  // namespace hies::pipeline
