#pragma once

#include <span>
#include <string>

#include "hies/report/sweep.h"

namespace hies::report {

// Returns the report for a terminal: for each run the recommended configuration and a sparkline for each configuration, then the
// tables of quality and stability, as Markdown. Throws bad_input for a folder that is given twice.
std::string text_report(std::span<const Sweep> sweeps);

// Returns one character for each number, U+2581 … U+2588 from `least` to `most`; a space where there is none.
std::string sparkline(std::span<const std::optional<double>> numbers, double least, double most);

}  // namespace hies::report
