#pragma once

#include <string>
#include <utility>
#include <vector>

#include "hies/evidence/records.h"
#include "hies/model/layout.h"
#include "hies/prune/plan.h"
#include "hies/sweep/chosen_plans.h"
#include "hies/sweep/grid.h"
#include "hies/sweep/scored.h"

namespace hies::sweep {

// Turns the cells of a run into masks and records. It refers to its arguments.
class Planner {
 public:
  // `chosen`: the plans of cells whose units are chosen with the model at hand. Null, for estimates: their scores' plans instead.
  Planner(const RunInputs& data, const SweepOptions& options, const ScoredRun& scored, const ChosenPlans* chosen = nullptr);

  // Returns the plan of a cell whose alpha and loss are known.
  prune::Plan plan(const Cell& cell) const;

  // Returns the record of the cell, without the measurements on the evaluation data.
  evidence::Record record(const Cell& cell, const prune::Plan& plan) const;
  // Returns the same for the unpruned model.
  evidence::Record unpruned() const;

 private:
  const ScoredRun::Entry& ranking(const Cell& cell) const;
  void add_bound(const Cell& cell, evidence::Record& record) const;
  evidence::Cost cost(const model::Layout& left, const model::UnitSet& removed) const;
  // Returns what the cell's baseline, which removes no units, would cost as real slices.
  evidence::Cost narrower_cost(const Cell& cell) const;

  const RunInputs& data_;
  const SweepOptions& options_;
  const ScoredRun& scored_;
  const ChosenPlans* chosen_;
  eval::Lengths lengths_;        // of DEV's examples
  std::int64_t heads_ = 0;       // present
  std::int64_t neurons_ = 0;     // present
  std::int64_t parameters_ = 0;  // unpruned
  double flops_ = 0;             // unpruned
};

// Cells of the same model: their masks are equal, and what was fitted anew is, with the same rows.
struct MaskGroup {
  model::UnitSet removed;
  Cell refitted;                          // one of the cells; without a refit it does not matter which
  std::vector<evidence::Record> records;  // in the grid's order
};

// Returns the groups of all cells and of the unpruned model: the unpruned model first, then masks without a refit, so that those with
// equal first layers are neighbours, then those with one. This is the order of records.jsonl. Throws what planning throws.
std::vector<MaskGroup> group_by_model(const Planner& planner, const std::vector<Cell>& cells, const SweepOptions& options);

// Returns how many of the groups have no refit: they come first.
std::size_t plain_count(const std::vector<MaskGroup>& groups);

// Returns the seed and the number of examples of the calibration rows that a cell's refit leaves out of its own.
std::pair<std::int64_t, std::int64_t> rows_of(const Cell& cell, const SweepOptions& options);

}  // namespace hies::sweep
