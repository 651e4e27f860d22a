#pragma once

#include <string>
#include <string_view>

#include "hies/eval/result.h"

namespace hies::cli {

// The measurements of a result as a table: one column for the model; with a reference two columns and the difference. Shares are
// per cent, their differences percentage points.
std::string comparison_table(const eval::Result& result, std::string_view reference_heading, std::string_view model_heading);

// The primary metric of every group of the data, beside that of a reference. Empty where the data is not divided.
std::string group_table(const eval::Result& result, std::string_view reference_heading, std::string_view model_heading);

}  // namespace hies::cli
