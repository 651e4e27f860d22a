#pragma once

#include <vector>

#include "hies/base/journal.h"
#include "hies/eval/many_masks.h"
#include "hies/evidence/records.h"
#include "hies/sweep/planner.h"

namespace hies::sweep {

// Evaluates the masks of one run of a sweep and writes its records chunk by chunk.
class Measurer {
 public:
  Measurer(const RunInputs& data, const SweepOptions& options, const engine::Model& model);

  // Completes the records of the groups, and appends to the journal those that `known`, its records of this run, does not have.
  // Returns all of them. Throws bad_input when the keys and masks of `known` are not those of this sweep's first records; what
  // predict_masks throws; io. When interrupted, the chunk that was begun is in the journal.
  std::vector<evidence::Record> measure(std::vector<MaskGroup> groups, const std::vector<evidence::Record>& known,
                                        Journal& journal, Progress& progress);
  // Returns the work of all masks, including those of earlier processes.
  const eval::MaskStats& stats() const noexcept { return stats_; }

 private:
  void judge(const eval::Predictions& predictions, MaskGroup& group) const;

  const RunInputs& data_;
  const SweepOptions& options_;
  const engine::Model& model_;
  eval::Predictions reference_;
  double tolerance_ = 0;
  std::optional<double> reference_loss_;
  eval::MaskStats stats_;
};

}  // namespace hies::sweep
