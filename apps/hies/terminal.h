#pragma once

#include <exception>
#include <string_view>

#include "hies/base/json.h"

namespace hies::cli {

// Thrown when the reader of our standard output has closed it.
struct OutputClosed : std::exception {
  const char* what() const noexcept override { return "standard output was closed"; }
};

// Writes to standard output. Throws OutputClosed, or io when it cannot be written (disk full).
void print_out(std::string_view text);
void print_json(const Json& json);
// Writes to standard error; failures are ignored.
void print_err(std::string_view text) noexcept;

bool is_terminal_err();
// Return whether output is coloured: only on a terminal that can, and never with NO_COLOR (https://no-color.org).
bool colour_out();
bool colour_err();
// Return the columns of the terminal; 100 where there is none.
int output_width();
int error_width();

// Prints "warning: …" on its own line.
void print_warning(std::string_view message) noexcept;

}  // namespace hies::cli
