#include "hies/kernels/parallel.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <thread>

#include "hies/kernels/attention.h"

// Of omp.h, which compilers keep where other tools that read this source do not look.
extern "C" int omp_get_max_threads();
extern "C" int omp_get_num_procs();

namespace hies::kernels {
namespace {

std::atomic<int> threads_wanted{0};
constexpr double kWorthAThread = 2e5;  // multiply-adds

}  // namespace

int set_threads(int threads) { return threads_wanted.exchange(std::max(threads, 0)); }

// libgomp reads its settings before main(), too early for a program to have a say, but it spins only briefly when it manages more
// threads than there are cores. So it gets a second team, which does nothing.
void wait_asleep() {
  static const bool once = [] {
    if (std::getenv("OMP_WAIT_POLICY") != nullptr || std::getenv("GOMP_SPINCOUNT") != nullptr) return false;
    std::mutex ready;
    std::condition_variable parked;
    bool done = false;
    std::thread([&] {
      std::atomic<int> there{0};
#pragma omp parallel num_threads(omp_get_num_procs() + 1)
      ++there;
      {
        const std::lock_guard lock(ready);
        done = true;
        parked.notify_one();
      }
      // The team lasts as long as the thread that leads it.
      std::mutex never;
      std::condition_variable asleep;
      std::unique_lock lock(never);
      for (;;) asleep.wait(lock);
    }).detach();
    std::unique_lock lock(ready);
    parked.wait(lock, [&] { return done; });
    return true;
  }();
  static_cast<void>(once);
}

void parallel_for(std::int64_t count, double multiply_adds, const std::function<void(std::int64_t)>& work) {
  int threads = threads_wanted;
  if (threads == 0) threads = omp_get_max_threads();
  threads =
      static_cast<int>(std::min({static_cast<double>(threads), static_cast<double>(count), 1 + multiply_adds / kWorthAThread}));
  if (threads <= 1) {
    for (std::int64_t item = 0; item < count; ++item) work(item);
    return;
  }
  // Short items are handed out several at a time, so that the counter they share costs little.
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
