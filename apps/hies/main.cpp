#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <string>
#include <vector>

#include "commands.h"
#include "field_flags.h"
#include "hies/base/error.h"
#include "signals.h"
#include "terminal.h"

namespace {

// Prints one line, and a second one where there is a hint. Returns `code`.
int report(std::string_view message, std::string_view hint, int code) noexcept {
  hies::cli::print_error(message);
  if (!hint.empty()) hies::cli::print_hint(hint);
  return code;
}

int no_memory() noexcept {
  return report("not enough memory", "lower --batch-tokens or --max-length, or close other programs",
                hies::exit_code(hies::ErrorKind::io));
}

int run(int argc, char** argv) {
  constexpr int kClosedPipe = 141;  // what a shell reports of a program that SIGPIPE ended
  try {
    hies::cli::install_signal_handling();
    const std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
    hies::cli::run_hies(words);
    return 0;
  } catch (const hies::cli::OutputClosed&) {
    return kClosedPipe;
  } catch (const hies::Error& error) {
    return report(hies::cli::with_flags(error.what()), hies::cli::with_flags(error.hint()), hies::exit_code(error.kind()));
  } catch (const std::bad_alloc&) {
    return no_memory();
  } catch (const std::exception& error) {
    const std::string_view what = error.what();
    if (what.find("not enough memory") != std::string_view::npos) return no_memory();  // torch's allocator throws its own
    return report(fmt::format("internal error: {}", what.substr(0, what.find('\n'))), "please report this as a bug",
                  hies::exit_code(hies::ErrorKind::internal));
  }
}

// Exits without running destructors: when run() has returned all files are written, and unloading libtorch would take a third of
// the time of a short command. With a sanitizer the program returns normally, so that leaks are found.
int leave(int code) {
#ifndef __SANITIZE_ADDRESS__
  std::fflush(nullptr);
  std::_Exit(code);
#endif
  return code;
}

}  // namespace

int main(int argc, char** argv) { return leave(run(argc, argv)); }
