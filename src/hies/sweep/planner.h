#pragma once

#include <string>
#include <vector>

#include "hies/evidence/records.h"
#include "hies/model/heads.h"
#include "hies/prune/plan.h"
#include "hies/sweep/grid.h"
#include "hies/sweep/scored.h"

namespace hies::sweep {

// Turns the cells of a run into masks. Refers to what it is made of.
class Planner {
 public:
  Planner(const RunInputs& data, const SweepOptions& options, const ScoredRun& scored);

  // Of a cell whose alpha and loss are known.
  prune::Plan plan(const Cell& cell) const;

  // The record of the cell, all but what is measured on DEV.
  evidence::Record record(const Cell& cell, const prune::Plan& plan) const;
  // The same of the unpruned model.
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

// Equal sets of heads have equal hashes.
std::string mask_hash(const std::map<int, std::vector<int>>& pruned);

// Cells that have the same mask.
struct MaskGroup {
  model::HeadGates gates;
  std::string mask;
  std::vector<evidence::Record> records;  // in the grid's order
};

// The groups of all cells and the unpruned model: the unpruned model first, then by gates, so that masks which begin alike are
// neighbours. This is the order of records.jsonl. Throws what planning throws.
std::vector<MaskGroup> group_by_mask(const Planner& planner, const std::vector<Cell>& cells, const model::HeadLayout& layout);

}  // namespace hies::sweep
