#include "terminal.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <sys/ioctl.h>
#include <unistd.h>

#include "hies/base/error.h"

namespace hies::cli {
namespace {

// 0, or the error number.
int write_all(int descriptor, std::string_view text) noexcept {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

bool colour(int descriptor) {
  const char* const no_colour = std::getenv("NO_COLOR");
  const char* const terminal = std::getenv("TERM");
  return ::isatty(descriptor) == 1 && (no_colour == nullptr || *no_colour == '\0') && terminal != nullptr &&
         std::string_view(terminal) != "dumb";
}

int width(int descriptor) {
  winsize size{};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return std::clamp<int>(size.ws_col, 40, 160);
  return 100;
}

void write_out(std::string_view text) {
  const int code = write_all(STDOUT_FILENO, text);
  if (code == EPIPE) throw OutputClosed();
  if (code != 0) io_error("cannot write to standard output: {}", std::strerror(code));
}

void write_err(std::string_view text) noexcept { write_all(STDERR_FILENO, text); }

// `style` is the number of a colour, "31;1".
void print_message(std::string_view heading, std::string_view style, std::string_view message, std::size_t max_bytes) noexcept {
  const std::string head = colour_err() ? fmt::format("\x1b[{}m{}:\x1b[0m ", style, heading) : fmt::format("{}: ", heading);
  write_err(head + printable(message, max_bytes) + "\n");
}

}  // namespace

void print_out(std::string_view text) { write_out(printable_lines(text)); }
void print_json(const Json& json) { write_out(printable_json(pretty(json))); }
void print_coloured(std::string_view head_map) { write_out(head_map); }

void print_error(std::string_view message) noexcept { print_message("error", "31;1", message, 1000); }
void print_hint(std::string_view message) noexcept { print_message("hint", "36", message, 1000); }
void print_warning(std::string_view message) noexcept { print_message("warning", "33", message, 500); }
void print_note(std::string_view message) noexcept { print_message("note", "36", message, 500); }
void print_progress(std::string_view line) noexcept { write_err(printable(line, 500) + "\n"); }
void redraw_progress(std::string_view line) noexcept { write_err("\r\x1b[K" + printable(line, 500)); }

bool is_terminal_err() { return ::isatty(STDERR_FILENO) == 1; }
bool colour_out() { return colour(STDOUT_FILENO); }
bool colour_err() { return colour(STDERR_FILENO); }
int output_width() { return width(STDOUT_FILENO); }
int error_width() { return width(STDERR_FILENO); }

}  // namespace hies::cli
