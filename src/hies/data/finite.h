#pragma once

#include "hies/data/dataset.h"
#include "hies/engine/model.h"

namespace hies::data {

// Throws bad_input where an answer or a loss is NaN or infinite: names the row of the data and the layer that such numbers come from.
// `result` is what `model` gave for `batch` of `dataset` with `gates` (null: all 1).
void check_finite(const engine::Model& model, const model::Batch& batch, const model::Gates* gates,
                  const model::RunResult& result, const Dataset& dataset);

}  // namespace hies::data
