#pragma once

#include "hies/model/unit_table.h"
#include "hies/score/statistics/statistic.h"

namespace hies::score {

// Returns AE, 0…1: mean over queries that see at least two keys, then over the examples that have any. Throws bad_input when no
// example has.
model::UnitTable<double> entropy(const model::Layout& layout, const ExampleStatistics& statistics);

}  // namespace hies::score
