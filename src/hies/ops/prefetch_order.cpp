#include "hies/ops/prefetch_order.h"

#include <algorithm>

namespace hies::ops {
namespace {

// Much more than a run of the deepest models uses.
constexpr std::size_t kMostRemembered = std::size_t{1} << 16;

}  // namespace

void PrefetchOrder::used(int what) {
  if (past_.size() >= kMostRemembered) forget_half();
  const auto pair = std::pair(last(), what);
  if (expected_ < past_.size() && past_[expected_] == what) {
    ++expected_;
  } else {
    const auto found = after_.find(pair);
    expected_ = found == after_.end() ? past_.size() + 1 : found->second;
  }
  past_.push_back(what);
  after_[pair] = past_.size();
}

std::span<const int> PrefetchOrder::next(std::size_t most) const {
  return std::span(past_).subspan(expected_, std::min(most, past_.size() - expected_));
}

void PrefetchOrder::forget_half() {
  const std::size_t gone = past_.size() / 2;
  past_.erase(past_.begin(), past_.begin() + static_cast<std::ptrdiff_t>(gone));
  expected_ = expected_ >= gone ? expected_ - gone : past_.size();
  std::erase_if(after_, [gone](const auto& entry) { return entry.second < gone; });
  for (auto& [pair, place] : after_) place -= gone;
}

}  // namespace hies::ops
