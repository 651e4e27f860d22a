#include "hies/base/progress.h"

#include "hies/base/error.h"

namespace hies {

std::atomic<bool>& Progress::cancelled() noexcept {
  static std::atomic<bool> flag{false};
  return flag;
}

void Progress::throw_if_cancelled() {
  if (cancelled().load(std::memory_order_relaxed)) throw Error(ErrorKind::interrupted, "interrupted");
}

Progress& silent_progress() noexcept {
  static Progress silent;
  return silent;
}

}  // namespace hies
