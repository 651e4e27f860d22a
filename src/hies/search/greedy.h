#pragma once

#include <cstdint>
#include <vector>

#include "hies/base/progress.h"
#include "hies/search/found.h"
#include "hies/search/objective.h"
#include "hies/search/options.h"
#include "hies/search/space.h"

namespace hies::search {

// One unit that a search has removed.
struct Step {
  std::size_t unit = 0;        // of Space::units
  double objective = 0;        // after it
  std::int64_t evaluated = 0;  // candidates evaluated for this step
  // Whether no candidate that was not evaluated had, when it was last, an increase below that of the unit: under the assumption that
  // increases do not fall, it is the best of all candidates.
  bool certain = false;
};

struct Greedy {
  std::vector<Step> steps;
  std::int64_t candidates = 0;     // units that were allowed to be removed
  std::int64_t exhaustive = 0;     // masks that evaluating every candidate in every step would have taken
  std::int64_t filled = 0;         // units that were removed by the last known increases when time was up
  model::UnitSet removed;          // meets the budget
  std::vector<std::size_t> order;  // its units, in the order in which they were removed
};

// Backward elimination: as long as the budget is not met, removes the unit that increases the objective least for the FLOPs that it
// saves. A step evaluates candidates in the order of their last known increase, until none is left that was lower than the best found,
// or options.width of them are evaluated ("lazy greedy", Minoux 1978). The objective is no submodular function: an increase may fall
// when other units are removed, and then a lazy step can miss it. `width` 0 evaluates all candidates in every step.
// When time is up, the rest is removed in the order of the last known increases.
Greedy greedy(const Space& space, Objective& objective, const SearchOptions& options, Progress& progress);

// Returns the same as what any strategy gives.
Found found_by(const Greedy& greedy, const Space& space);

}  // namespace hies::search
