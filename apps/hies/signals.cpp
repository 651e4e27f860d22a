#include "signals.h"

#include <csignal>
#include <thread>

#include <unistd.h>

#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/base/progress.h"
#include "terminal.h"

namespace hies::cli {

void install_signal_handling() {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a file size limit is an error of write(), like a full disk
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, signal);
  // All threads inherit the mask; only the one below sees these signals, as an ordinary thread that may lock and free.
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::thread([set] {
    for (bool again = false;; again = true) {
      int signal = 0;
      if (sigwait(&set, &signal) != 0) return;
      if (again) {
        remove_unfinished_outputs();
        print_error("interrupted");
        ::_exit(exit_code(ErrorKind::interrupted));
      }
      Progress::cancelled() = true;
    }
  }).detach();
}

}  // namespace hies::cli
