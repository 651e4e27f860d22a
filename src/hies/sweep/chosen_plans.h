#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "hies/base/progress.h"
#include "hies/baseline/baseline.h"
#include "hies/prune/plan.h"
#include "hies/sweep/grid.h"
#include "hies/sweep/scored.h"

namespace hies::sweep {

// The plans of cells whose units are chosen with the model at hand: those of baselines and of searches. Each is made once and kept as
// DIR/plans/NAME.json, so that a resumed sweep does not make it again. Refers to its arguments.
class ChosenPlans {
 public:
  ChosenPlans(const RunInputs& data, const SweepOptions& options, const ScoredRun& scored, const engine::Model& model,
              const std::filesystem::path& folder);

  // Reads or makes the plans of those of the cells that have one. Throws bad_input for a file of another model, and what choosing throws.
  void make(const std::vector<Cell>& cells, Progress& progress);
  // Returns null for a cell that has none, or whose plan was not made.
  const prune::Plan* find(const Cell& cell) const;

 private:
  prune::Plan make_one(const Cell& cell, Progress& progress) const;

  const RunInputs& data_;
  const SweepOptions& options_;
  const ScoredRun& scored_;
  const engine::Model& model_;
  std::filesystem::path folder_;
  std::map<std::string, prune::Plan> plans_;  // by file name
};

// What a baseline works with in a cell.
struct CellWork {
  pipeline::CalibrationParts rows;
  const score::Scores& scores;
  baseline::Work work(const RunInputs& data, const SweepOptions& options, const engine::Model& model, const Cell& cell) const;
};
CellWork cell_work(const RunInputs& data, const SweepOptions& options, const ScoredRun& scored, const Cell& cell);

}  // namespace hies::sweep
