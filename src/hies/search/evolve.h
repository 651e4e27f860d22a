#pragma once

#include "hies/base/progress.h"
#include "hies/search/found.h"
#include "hies/search/objective.h"
#include "hies/search/options.h"
#include "hies/search/space.h"

namespace hies::search {

// Searches how much each site keeps (after Týr-the-Pruner, arXiv 2503.09657): a site loses its units in the order of their scores, and
// only how many is varied. A mutation gives one unit back to a site and takes from another what the budget needs. Of the
// offspring of a generation, judged on the rows of `few`, the best are judged on those of `all`; the best of them and of the
// generation before are the parents of the next. Begins with what the scores alone remove. The same seed gives the same result.
Found evolve(const Space& space, Objective& few, Objective& all, const SearchOptions& options, Progress& progress);

}  // namespace hies::search
