#pragma once

#include <functional>
#include <vector>

#include "hies/base/journal.h"
#include "hies/eval/many_masks.h"
#include "hies/evidence/records.h"
#include "hies/sweep/planner.h"

namespace hies::sweep {

// Evaluates the masks of one run of a sweep and writes its records chunk by chunk.
class Measurer {
 public:
  Measurer(const RunInputs& data, const SweepOptions& options, const ScoredRun& scored, const engine::Model& model);

  // Completes the records of the groups, and appends to the journal those that `known`, its records of this run, does not have.
  // Returns all of them. Throws bad_input when the keys and masks of `known` are not those of this sweep's first records; what
  // predict_masks throws; io. When interrupted, the chunk that was begun is in the journal.
  std::vector<evidence::Record> measure(std::vector<MaskGroup> groups, const std::vector<evidence::Record>& known,
                                        Journal& journal, Progress& progress);
  // Returns the work of all masks, including those of earlier processes.
  const eval::MaskStats& stats() const noexcept { return stats_; }
  // Returns how many models were refitted, those of earlier processes included.
  std::int64_t refits() const noexcept { return refits_; }

 private:
  void judge(const eval::Predictions& predictions, MaskGroup& group) const;
  void count(const std::vector<MaskGroup>& groups, std::int64_t chunk);
  // Refits and evaluates the groups from `begin` on, one after the other; `keep` writes the records of one.
  void measure_refitted(std::vector<MaskGroup>& groups, std::size_t begin, const std::function<void(std::size_t)>& keep,
                        Progress& progress);

  const RunInputs& data_;
  const SweepOptions& options_;
  const ScoredRun& scored_;
  const engine::Model& model_;
  eval::Predictions reference_;
  double tolerance_ = 0;
  std::optional<double> reference_loss_;
  eval::MaskStats stats_;
  std::int64_t refits_ = 0;
};

}  // namespace hies::sweep
