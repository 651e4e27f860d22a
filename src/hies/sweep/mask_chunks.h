#pragma once

#include <functional>
#include <span>
#include <string>

#include "hies/base/progress.h"
#include "hies/eval/many_masks.h"

namespace hies::sweep {

// Masks to be evaluated one chunk after the other, and the functions that take the results.
struct MaskWork {
  const engine::Model& model;
  const data::Dataset& dataset;
  const model::Objective* objective = nullptr;
  std::span<const model::UnitSet> masks;  // distinct
  std::int64_t batch_tokens = data::kBatchTokens;
  std::int64_t chunk = 1;  // masks of a chunk, at least 1
  // Called for every mask of a chunk, in any order.
  std::function<void(std::size_t mask, const eval::Predictions& predictions)> take;
  // Called when masks [begin, end) have been taken, to write their results.
  std::function<void(std::size_t begin, std::size_t end)> keep;
};

// Evaluates the masks. A chunk that has begun is finished and kept before a cancellation is thrown. Progress counts masks of the
// stage `stage`.
eval::MaskStats run_chunks(const MaskWork& work, std::string_view stage, Progress& progress);

// Returns the work of run_chunks() without doing it.
eval::MaskStats count_chunks(std::span<const model::UnitSet> masks, const model::Layout& layout, std::int64_t chunk);

// Returns how many masks a chunk has: `requested`, or for 0 as many as take some seconds. The number follows from the model's FLOPs alone,
// so that it does not depend on the machine.
std::int64_t chunk_size(std::int64_t requested, const arch::Checkpoint& checkpoint, const data::Dataset& dataset);

}  // namespace hies::sweep
