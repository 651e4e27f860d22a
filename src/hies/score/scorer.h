#pragma once

#include "hies/base/progress.h"
#include "hies/data/dataset.h"
#include "hies/engine/model.h"
#include "hies/score/options.h"
#include "hies/score/scores.h"

namespace hies::score {

// Scores every head on all examples of `dataset`. Runs a forward pass only when a table needs one, and a backward pass only for
// his and second-order. Equal input gives equal results but for `timings`; except for rounding, they do not depend on batch_tokens
// or, with granularity example and token, on the order of the examples.
// Costs are for sequences of the data set's mean length. The caller may add options of its own to Scores::options.
// Throws bad_input for options that do not fit each other, the model or the data, and when a loss or score is not finite.
Scores score_heads(const engine::Model& model, const data::Dataset& dataset, const ScoreOptions& options,
                   Progress& progress = silent_progress());

}  // namespace hies::score
