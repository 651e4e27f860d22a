#pragma once

#include <cstdint>
#include <string_view>

namespace hies::data {

// What Python takes for white space (str.isspace, and \s in its regular expressions), for lm-evaluation-harness strips contexts and
// counts words by it. `text` is UTF-8.

// Without white space at either end, or at the end only.
std::string_view trim(std::string_view text);
std::string_view trim_end(std::string_view text);

// Runs of white space.
std::int64_t count_gaps(std::string_view text);

// Code points, as Python's len().
std::int64_t count_characters(std::string_view text);

}  // namespace hies::data
