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

}  // namespace

void print_out(std::string_view text) {
  const int code = write_all(STDOUT_FILENO, text);
  if (code == EPIPE) throw OutputClosed();
  if (code != 0) io_error("cannot write to standard output: {}", std::strerror(code));
}

void print_json(const Json& json) { print_out(pretty(json)); }

void print_err(std::string_view text) noexcept { write_all(STDERR_FILENO, text); }

bool is_terminal_err() { return ::isatty(STDERR_FILENO) == 1; }
bool colour_out() { return colour(STDOUT_FILENO); }
bool colour_err() { return colour(STDERR_FILENO); }
int output_width() { return width(STDOUT_FILENO); }
int error_width() { return width(STDERR_FILENO); }

void print_warning(std::string_view message) noexcept {
  print_err(colour_err() ? "\x1b[33mwarning:\x1b[0m " : "warning: ");
  print_err(printable(message, 500));
  print_err("\n");
}

}  // namespace hies::cli
