#pragma once

#include <span>
#include <string>

#include "hies/base/json.h"
#include "hies/report/explanation.h"
#include "hies/report/sweep.h"

namespace hies::report {

inline constexpr std::string_view kPageSchema = "hies.report/1";

// How many points of a scatter plot the page holds for one run; of more records every n-th is taken.
inline constexpr std::size_t kMostPoints = 1500;

// Returns all that the page shows (docs/formats.md), aggregated: its size follows from the grid, not from the number of records.
// Names of runs are made distinct by their folders'. Throws bad_input for a folder that is given twice.
Json page_data(std::span<const Sweep> sweeps, std::span<const Explanation> explanations, const std::string& version);

}  // namespace hies::report
