#pragma once

#include "hies/base/progress.h"
#include "hies/engine/model.h"
#include "hies/eval/latency.h"
#include "hies/prune/latency_table.h"

namespace hies::eval {

// How far a table's prediction was off.
struct LatencyCheck {
  prune::LatencySetting setting;  // of the table; the batches that were measured are of its size
  double predicted = 0;           // latency of the pruned model ÷ that of the dense one, by the table
  Spread measured;                // the same, pair of runs by pair of runs
  Spread dense_ms, pruned_ms;

  // Returns by which share the measured latency exceeds the predicted one; negative: it is less.
  double error() const noexcept { return measured.median / predicted - 1; }
};

// Runs both models in turns on batches of the table's size. `pruned` has the units that are left of those of `dense`.
LatencyCheck check_prediction(const prune::LatencyTable& table, const engine::Model& dense, const engine::Model& pruned,
                              const LatencyOptions& options, Progress& progress = silent_progress());

Json to_json(const LatencyCheck& check);

}  // namespace hies::eval
