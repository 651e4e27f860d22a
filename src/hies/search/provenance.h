#pragma once

#include "hies/prune/plan.h"
#include "hies/search/search.h"

namespace hies::search {

// Puts "search" into the plan's information: strategy and options, the three sets of rows that are known, and every step. It holds
// nothing that depends on the machine or the time.
void put_provenance(const SearchRequest& request, const SearchRun& run, prune::Plan& plan);

}  // namespace hies::search
