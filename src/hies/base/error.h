#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "hies/base/printable.h"

namespace hies {

// The kind of an error, from the caller's point of view. The CLI maps it to an exit code (exit_code below).
enum class ErrorKind {
  bad_input,    // the user's file, option or value is wrong               -> 2
  unsupported,  // valid input that this version cannot handle              -> 3
  io,           // the operating system refused (missing, full, unwritable) -> 4
  internal,     // a bug in hies                                            -> 70
  interrupted,  // cancelled by the user                                    -> 130
};

// Returns the exit code of the program for an error, as the comments above give it.
int exit_code(ErrorKind kind) noexcept;

// The only exception that the library throws. `message` is one line: what is wrong, where, and the offending value. `hint` is one
// line that says what to do, or empty.
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message, std::string hint = {})
      : std::runtime_error(message), kind_(kind), hint_(std::move(hint)) {}

  ErrorKind kind() const noexcept { return kind_; }
  const std::string& hint() const noexcept { return hint_; }

 private:
  ErrorKind kind_;
  std::string hint_;
};

// Throw an Error of the kind that names the function, with a formatted message and no hint.
template <class... Args>
[[noreturn]] void bad_input(fmt::format_string<Args...> format, Args&&... args) {
  throw Error(ErrorKind::bad_input, fmt::format(format, std::forward<Args>(args)...));
}

template <class... Args>
[[noreturn]] void unsupported(fmt::format_string<Args...> format, Args&&... args) {
  throw Error(ErrorKind::unsupported, fmt::format(format, std::forward<Args>(args)...));
}

template <class... Args>
[[noreturn]] void io_error(fmt::format_string<Args...> format, Args&&... args) {
  throw Error(ErrorKind::io, fmt::format(format, std::forward<Args>(args)...));
}

// Throws internal unless `ok`, a condition that only a bug in hies can break.
inline void check(bool ok, std::string_view what) {
  if (!ok) throw Error(ErrorKind::internal, fmt::format("internal error: {}", what), "please report this as a bug");
}

}  // namespace hies
