#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

namespace hies::ops {

// Predicts in which order things are used from what followed the last time. A run that goes like one before is predicted whole, its
// backward pass and recomputed layers included.
class PrefetchOrder {
 public:
  void used(int what);
  // Returns what was used last; −1: nothing yet.
  int last() const noexcept { return past_.empty() ? -1 : past_.back(); }
  // Returns what is expected from here on, `most` of them at the most; fewer, or none, where nothing is known. Valid until the next use.
  std::span<const int> next(std::size_t most) const;

 private:
  void forget_half();
  std::vector<int> past_;
  std::size_t expected_ = 0;                          // index in past_ that the next use should equal; its end: unknown
  std::map<std::pair<int, int>, std::size_t> after_;  // index after the last time that the second followed the first
};

}  // namespace hies::ops
