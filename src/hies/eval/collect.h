#pragma once

#include "hies/data/dataset.h"
#include "hies/engine/model.h"
#include "hies/eval/predict.h"
#include "hies/model/batch.h"

namespace hies::eval {

// Predictions of a data set's examples that are filled batch by batch.
Predictions unfilled(const model::ModelSpec& spec, const data::Dataset& dataset, bool with_losses);

// Puts a batch's results in their places. Throws bad_input when a logit or log-likelihood is not finite.
void collect(const model::RunResult& result, const model::Batch& batch, const data::Dataset& dataset, model::Problem problem,
             Predictions& into);

}  // namespace hies::eval
