#pragma once

#include <span>
#include <string>

#include "hies/report/sweep.h"

namespace hies::report {

// The same evidence for a terminal: of each run what is recommended and a sparkline for each way to prune, then the tables of quality
// and stability, as Markdown. Throws bad_input for a folder that is given twice.
std::string text_report(std::span<const Sweep> sweeps);

// One character for each number, U+2581 … U+2588 from `least` to `most`; a space where there is none.
std::string sparkline(std::span<const std::optional<double>> numbers, double least, double most);

}  // namespace hies::report
