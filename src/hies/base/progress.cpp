#include "hies/base/progress.h"

#include "hies/base/error.h"

namespace hies {
namespace {

std::atomic<int>& delays() noexcept {
  static std::atomic<int> living{0};
  return living;
}

}  // namespace

std::atomic<bool>& Progress::cancelled() noexcept {
  static std::atomic<bool> flag{false};
  return flag;
}

void Progress::throw_if_cancelled() {
  if (cancelled().load(std::memory_order_relaxed) && delays().load(std::memory_order_relaxed) == 0)
    throw Error(ErrorKind::interrupted, "interrupted");
}

DelayedCancellation::DelayedCancellation() noexcept { ++delays(); }
DelayedCancellation::~DelayedCancellation() { --delays(); }

Progress& silent_progress() noexcept {
  static Progress silent;
  return silent;
}

}  // namespace hies
