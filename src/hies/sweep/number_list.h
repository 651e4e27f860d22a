#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace hies::sweep {

// Returns the numbers of a grid as text: "0.1,0.3", "0:1:0.1" (from, to, step; both ends belong to it), or both mixed with
// commas. Computed in decimals, so that the sixth of "0.1:0.6:0.1" is exactly 0.6. They keep the order of the text; empty text
// has no numbers. Throws bad_input, with `name`, for anything else, a step that is not above 0, and more than 100,000 numbers.
std::vector<double> parse_numbers(std::string_view text, std::string_view name);

// Returns the same for whole numbers.
std::vector<std::int64_t> parse_counts(std::string_view text, std::string_view name);

}  // namespace hies::sweep
