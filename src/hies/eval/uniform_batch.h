#pragma once

#include <cstdint>

#include "hies/model/batch.h"
#include "hies/model/spec.h"

namespace hies::eval {

// Returns a batch to measure time with: `sequences` of `tokens` tokens each, all of whose logits are wanted of a language model. Images
// have the model's own size, whatever `tokens`. Throws bad_input for fewer than one of either, and for more tokens than positions.
model::Batch uniform_batch(const model::ModelSpec& spec, std::int64_t sequences, std::int64_t tokens);

// Returns how many tokens its sequences have.
std::int64_t uniform_tokens(const model::ModelSpec& spec, std::int64_t tokens);

}  // namespace hies::eval
