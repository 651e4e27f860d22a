#pragma once

#include "hies/base/progress.h"
#include "hies/search/found.h"
#include "hies/search/objective.h"
#include "hies/search/options.h"
#include "hies/search/space.h"

namespace hies::search {

// Simulated annealing over single units (Kirkpatrick et al. 1983): begins with what the scores alone remove. A step proposes masks that give
// one removed unit back and remove others instead until the budget is met, and takes the best of them if it is nearer, or, with a
// probability that falls from step to step, if it is not. The best mask of all is the result. The same seed gives the same result.
Found anneal(const Space& space, Objective& objective, const SearchOptions& options, Progress& progress);

}  // namespace hies::search
