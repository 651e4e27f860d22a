#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

namespace hies::ops {

// In which order things are used, told ahead from what came next the last time. A run that goes like one before is foretold whole,
// the way back as well, and layers that are run twice.
class PrefetchOrder {
 public:
  void used(int what);
  // The last one; −1: none yet.
  int last() const noexcept { return past_.empty() ? -1 : past_.back(); }
  // What is expected from here on, at most so many; fewer, or none, where nothing is known. Valid until the next use.
  std::span<const int> next(std::size_t most) const;

 private:
  void forget_half();
  std::vector<int> past_;
  std::size_t expected_ = 0;                          // the place in the past that the next use should be like; its end: unknown
  std::map<std::pair<int, int>, std::size_t> after_;  // where things went on the last time that the second followed the first
};

}  // namespace hies::ops
