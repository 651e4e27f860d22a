#pragma once

namespace hies::cli {

// Ctrl-C, SIGTERM and SIGHUP: the first asks the library to stop at its next safe point (Progress::cancelled), which ends in
// Error(interrupted); a second one removes what is half written and exits at once with 130. A closed pipe is an error of write().
// Call it before any other thread starts.
void install_signal_handling();

}  // namespace hies::cli
