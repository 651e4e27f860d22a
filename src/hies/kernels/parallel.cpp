#include "hies/kernels/parallel.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <thread>

#include "hies/kernels/attention.h"

// Declared here instead of by omp.h, which is in a directory of the compiler that clang-tidy does not search.
extern "C" int omp_get_max_threads();
extern "C" int omp_get_num_procs();

namespace hies::kernels {
namespace {

std::atomic<int> threads_wanted{0};
constexpr double kThreadWork = 2e5;  // multiply-adds that justify one more thread

}  // namespace

int set_threads(int threads) { return threads_wanted.exchange(std::max(threads, 0)); }

// libgomp reads its settings before main(), too early for a program to change them, but it spins only briefly when it manages
// more threads than there are cores. A second, idle team of threads makes it do so.
void wait_asleep() {
  static const bool once = [] {
    if (std::getenv("OMP_WAIT_POLICY") != nullptr || std::getenv("GOMP_SPINCOUNT") != nullptr) return false;
    std::mutex ready;
    std::condition_variable created;
    bool done = false;
    std::thread([&] {
      std::atomic<int> started{0};
#pragma omp parallel num_threads(omp_get_num_procs() + 1)
      ++started;
      {
        const std::lock_guard lock(ready);
        done = true;
        created.notify_one();
      }
      // The team exists as long as the thread that created it.
      std::mutex never;
      std::condition_variable asleep;
      std::unique_lock lock(never);
      for (;;) asleep.wait(lock);
    }).detach();
    std::unique_lock lock(ready);
    created.wait(lock, [&] { return done; });
    return true;
  }();
  static_cast<void>(once);
}

void parallel_for(std::int64_t count, double multiply_adds, const std::function<void(std::int64_t)>& work) {
  int threads = threads_wanted;
  if (threads == 0) threads = omp_get_max_threads();
  threads =
      static_cast<int>(std::min({static_cast<double>(threads), static_cast<double>(count), 1 + multiply_adds / kThreadWork}));
  if (threads <= 1) {
    for (std::int64_t item = 0; item < count; ++item) work(item);
    return;
  }
  // Short items are scheduled several at a time, so that their shared counter costs little.
  const auto chunk = static_cast<int>(std::clamp<std::int64_t>(count / (std::int64_t{threads} * 16), 1, 64));
  std::exception_ptr failure;
#pragma omp parallel for schedule(dynamic, chunk) num_threads(threads)
  for (std::int64_t item = 0; item < count; ++item) {
    try {
      work(item);
    } catch (...) {
#pragma omp critical
      failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace hies::kernels
