#pragma once

#include <cstdint>
#include <vector>

#include "hies/ops/token_loss.h"

namespace hies::ops {

// Returns a token for each target row of a language model's batch, [R], drawn from its probabilities there: softmax of the logits of the
// final states [R padded, E]. What is drawn depends on the draw, the example and the row's place in its sequence, and on the logits,
// but on nothing else in the batch. Logits are computed `rows_at_once` rows at a time.
std::vector<std::int32_t> sample_tokens(const Linear& vocabulary, const at::Tensor& states, const model::Batch& batch,
                                        const model::Draw& draw, std::int64_t rows_at_once);

}  // namespace hies::ops
