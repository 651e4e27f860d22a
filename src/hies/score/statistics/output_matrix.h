#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "hies/engine/output_inputs.h"
#include "hies/model/unit_table.h"
#include "hies/score/statistics/statistic.h"

namespace hies::score {

// The value of one column of a site's output matrix: what was summed of its input, the column, and its weights [E].
using ColumnValue =
    std::function<double(const engine::OutputInputs& sums, std::size_t column, const std::vector<double>& weights)>;

// Returns, of each unit of the sites that are asked for, the sum of the values of its columns. Throws bad_input on NaN or infinity in a
// weight.
model::UnitTable<double> sums_of_columns(const StatisticInput& input, const ColumnValue& value);

}  // namespace hies::score
