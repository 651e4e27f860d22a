#pragma once

#include <string>
#include <vector>

#include "hies/evidence/records.h"
#include "hies/model/heads.h"
#include "hies/prune/plan.h"
#include "hies/sweep/grid.h"
#include "hies/sweep/scored.h"

namespace hies::sweep {

// Turns the cells of a run into masks and records. It refers to its arguments.
class Planner {
 public:
  Planner(const RunInputs& data, const SweepOptions& options, const ScoredRun& scored);

  // Returns the plan of a cell whose alpha and loss are known.
  prune::Plan plan(const Cell& cell) const;

  // Returns the record of the cell, without the measurements on the evaluation data.
  evidence::Record record(const Cell& cell, const prune::Plan& plan) const;
  // Returns the same for the unpruned model.
  evidence::Record unpruned() const;

 private:
  const ScoredRun::Entry& ranking(const Cell& cell) const;
  void add_bound(const Cell& cell, evidence::Record& record) const;
  evidence::Cost cost(const model::HeadLayout& left, std::int64_t heads_removed) const;

  const RunInputs& data_;
  const SweepOptions& options_;
  const ScoredRun& scored_;
  eval::Lengths lengths_;        // of DEV's examples
  std::int64_t heads_ = 0;       // present
  std::int64_t parameters_ = 0;  // unpruned
  double flops_ = 0;             // unpruned
};

// Returns a hash of a set of heads; equal sets have equal hashes.
std::string mask_hash(const std::map<int, std::vector<int>>& pruned);

// Cells that have the same mask.
struct MaskGroup {
  model::HeadGates gates;
  std::string mask;
  std::vector<evidence::Record> records;  // in the grid's order
};

// Returns the groups of all cells and of the unpruned model: the unpruned model first, then by gates, so that masks with equal
// first layers are neighbours. This is the order of records.jsonl. Throws what planning throws.
std::vector<MaskGroup> group_by_mask(const Planner& planner, const std::vector<Cell>& cells, const model::HeadLayout& layout);

}  // namespace hies::sweep
