#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "hies/base/progress.h"
#include "hies/data/dataset.h"
#include "hies/model/heads.h"
#include "hies/model/model.h"
#include "hies/model/objective.h"

namespace hies::eval {

// What a model answers to a data set, in the order of the data set. N examples, V labels.
struct Predictions {
  std::int64_t classes = 0;     // V
  std::vector<double> logits;   // [N, V]
  std::vector<double> losses;   // [N], empty without objective
  std::vector<double> answers;  // [N] class id (the lowest of equal logits), or the predicted number
};

// `gates` null: nothing masked. `objective` null: no losses. Results do not depend on batch_tokens but for rounding.
// Throws bad_input when a logit is not finite.
Predictions predict(const model::Model& model, const data::Dataset& dataset, const model::HeadGates* gates,
                    const model::Objective* objective, std::int64_t batch_tokens, Progress& progress = silent_progress());

}  // namespace hies::eval
