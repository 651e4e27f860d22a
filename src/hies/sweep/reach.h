#pragma once

#include <string>
#include <vector>

#include "hies/arch/checkpoint.h"
#include "hies/base/progress.h"
#include "hies/sweep/grid.h"

namespace hies::sweep {

// Returns a cell for each sites, budget and ratio of the grid that the model does not allow, whatever the scores: its heads alone hold
// only a part of its FLOPs. Warns of them, once for each sites and budget. Throws bad_input for a share of units that cannot be
// removed, and for a budget that no sites of the grid can meet.
std::vector<Cell> unreachable_cells(const arch::Checkpoint& checkpoint, const SweepOptions& options, const std::string& run,
                                    Progress& progress);

}  // namespace hies::sweep
