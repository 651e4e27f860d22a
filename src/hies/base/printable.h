#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace hies {

// Texts of others (cells, names of files, labels, tensors, tokens) may hold bytes that command a terminal, that are no UTF-8, or
// that change how the text around them looks. These functions replace them by escapes: control characters, characters that set
// the direction of writing or separate lines, and invisible ones by \n, \t, \r, \xHH, \uHHHH or \UHHHHHHHH; bytes that are no
// UTF-8 by \xHH. Results are UTF-8. A text that holds no such thing is returned as it is.

// Returns `text` for use in a one-line message, cut after `max_bytes` bytes at the end of a character.
std::string printable(std::string_view text, std::size_t max_bytes = 80);

// Returns `text` for output of many lines: line ends are kept, and nothing is cut.
std::string printable_lines(std::string_view text);

// Returns the JSON text `json` in which such characters are written as \uHHHH, which is the same value.
std::string printable_json(std::string_view json);

}  // namespace hies
