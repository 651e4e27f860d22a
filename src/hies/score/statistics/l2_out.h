#pragma once

#include "hies/model/unit_table.h"
#include "hies/score/statistics/statistic.h"

namespace hies::score {

// Returns the mean over x of ‖A_h(x)‖_F / √n(x), ≥ 0.
model::UnitTable<double> output_norm(const model::Layout& layout, const ExampleStatistics& statistics);

}  // namespace hies::score
