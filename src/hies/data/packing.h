#pragma once

#include <cstdint>
#include <vector>

#include "hies/data/dataset.h"
#include "hies/model/batch.h"

namespace hies::data {

// What a batch holds unless the user says otherwise: enough to keep the cores busy, little enough for their caches.
inline constexpr std::int64_t kBatchTokens = 2048;

// Puts an example at the end of a batch; `index`: its place in the data set. A text or window is one sequence. A question is what
// its choices have in common, if anything, and then one sequence for each choice that goes on from it.
void add(model::Batch& batch, std::int64_t index, const Example& example);

// Examples in the batch: several sequences may be of one question.
std::int64_t example_count(const model::Batch& batch);

// Every example once, in batches of at most `batch_tokens` tokens (a longer example gets a batch of its own; a question is never
// divided). Batch::examples indexes Dataset::examples. Throws bad_input when batch_tokens < 1.
// Sorted by length, longest first (so that memory peaks at once), equal lengths in data-set order: the sequences of a batch are
// of like length.
std::vector<model::Batch> pack(const Dataset& dataset, std::int64_t batch_tokens);

}  // namespace hies::data
