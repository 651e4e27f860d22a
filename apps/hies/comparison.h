#pragma once

#include <string>
#include <string_view>

#include "hies/eval/result.h"

namespace hies::cli {

// Returns the measurements of a result as a table: one column for the model; with a reference two columns and the difference.
// Shares are per cent, their differences percentage points.
std::string comparison_table(const eval::Result& result, std::string_view reference_heading, std::string_view model_heading);

// Returns the primary metric of every group of the data, beside that of a reference; nothing where the data has no groups.
std::string group_table(const eval::Result& result, std::string_view reference_heading, std::string_view model_heading);

}  // namespace hies::cli
