#pragma once

#include <exception>
#include <string_view>

#include "hies/base/json.h"

namespace hies::cli {

// Thrown when the reader of our standard output has closed it.
struct OutputClosed : std::exception {
  const char* what() const noexcept override { return "standard output was closed"; }
};

// Writes `text` to standard output, whatever names and cells of others it holds: through printable_lines. Throws OutputClosed, or
// io when it cannot be written (disk full).
void print_out(std::string_view text);
// Writes JSON to standard output, through printable_json. Throws as print_out.
void print_json(const Json& json);
// Writes a head map to standard output, whose colours are escape sequences; it has escaped all else. Throws as print_out.
void print_coloured(std::string_view head_map);

// The following write to standard error, through printable; failures are ignored.

// Print "error: …", "hint: …", "warning: …" or "note: …" on a line of its own.
void print_error(std::string_view message) noexcept;
void print_hint(std::string_view message) noexcept;
void print_warning(std::string_view message) noexcept;
void print_note(std::string_view message) noexcept;
// Prints a line of progress.
void print_progress(std::string_view line) noexcept;
// Replaces the last line of a terminal, which has no line end yet. An empty line wipes it.
void redraw_progress(std::string_view line) noexcept;

bool is_terminal_err();
// Return whether output is coloured: only on a terminal that can, and never with NO_COLOR (https://no-color.org).
bool colour_out();
bool colour_err();
// Return the columns of the terminal; 100 where there is none.
int output_width();
int error_width();

}  // namespace hies::cli
