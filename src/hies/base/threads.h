#pragma once

#include <algorithm>
#include <thread>

namespace hies {

// Returns how many threads to start where `threads` are asked for: 0 (or fewer) stands for one per core. Never less than 1.
inline int thread_count(int threads) {
  return threads > 0 ? threads : static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

}  // namespace hies
