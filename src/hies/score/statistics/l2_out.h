#pragma once

#include "hies/model/unit_table.h"
#include "hies/score/statistics/statistic.h"

namespace hies::score {

// L2-out, the norm of the head's output (HIES paper, App. D.9).
Statistic l2_out_statistic();

// Returns the mean over x of ‖A_h(x)‖_F / √n(x), ≥ 0.
model::UnitTable<double> output_norm(const model::Layout& layout, const ExampleStatistics& statistics);

}  // namespace hies::score
