#pragma once

#include "hies/model/batch.h"
#include "hies/model/spec.h"
#include "hies/model/unit_table.h"

namespace hies::engine {

// Throws bad_input for token ids outside the vocabulary, token types that the model does not have, sequences longer than the positions
// and images of another form; internal for a batch that no data set makes.
void check_batch(const model::Batch& batch, const model::ModelSpec& spec);

// Throws internal for gates of other units than the model has.
void check_gates(const model::Gates& gates, const model::Layout& layout);

}  // namespace hies::engine
