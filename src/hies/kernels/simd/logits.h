#pragma once

#include "hies/kernels/logits.h"
#include "hies/kernels/simd/softmax.h"

namespace hies::kernels {
namespace {

// One row of logits, 64 bytes at a time.
template <class Real>
class LogitRow {
 public:
  static constexpr int kLanes = 64 / sizeof(Real);
  using V = Lanes<Real, kLanes>;
  using Vec = typename V::Vec;
  using IntVec = typename V::IntVec;

  LogitRow(Real* data, std::int64_t size) : data_(data), size_(size), whole_(size / kLanes * kLanes) {}

  LogitSummary summarise() const {
    LogitSummary summary;
    Real strange = 0;
    find_top(summary, strange);
    const Vec top = V::all(static_cast<Real>(summary.top));
    // Sums of a few vectors are added in double: one float32 sum over a large vocabulary would drop its small terms.
    for (std::int64_t begin = 0; begin < whole_; begin += kBlock) {
      Vec sum{};
      for (std::int64_t v = begin; v < whole_ && v < begin + kBlock; v += kLanes) sum += exponential(V::load(data_ + v), top);
      summary.sum += total(sum);
    }
    if (whole_ < size_) summary.sum += total(exponential(tail(static_cast<Real>(kGone)), top));
    summary.sum += static_cast<double>(strange);
    return summary;
  }

  void softmax(const LogitSummary& summary, double share) const {
    const Vec top = V::all(static_cast<Real>(summary.top)), factor = V::all(static_cast<Real>(share / summary.sum));
    for (std::int64_t v = 0; v < whole_; v += kLanes) V::store(data_ + v, exponential(V::load(data_ + v), top) * factor);
    if (whole_ == size_) return;
    Real last[kLanes];
    V::store(last, exponential(tail(0), top) * factor);
    __builtin_memcpy(data_ + whole_, last, static_cast<std::size_t>(size_ - whole_) * sizeof(Real));
  }

 private:
  static constexpr std::int64_t kBlock = 64 * kLanes;
  static constexpr double kGone = sizeof(Real) == 4 ? -1e38 : -1e300;  // a logit whose exponential is 0

  // The logits that fill no whole vector, and `rest` behind them.
  Vec tail(Real rest) const {
    Real last[kLanes];
    for (int lane = 0; lane < kLanes; ++lane) last[lane] = whole_ + lane < size_ ? data_[whole_ + lane] : rest;
    return V::load(last);
  }

  static Vec exponential(Vec logit, Vec top) {
    const LogitScale<Real> scale(1);
    const Vec difference = logit - top;
    return V::exp2(difference * scale.unit + difference * scale.unit_rest);
  }

  static double total(Vec values) {
    double sum = 0;
    for (int lane = 0; lane < kLanes; ++lane) sum += static_cast<double>(values[lane]);
    return sum;
  }

  // strange: 0, or NaN where a logit is not finite.
  void find_top(LogitSummary& summary, Real& strange) const {
    Vec best = V::all(data_[0]), difference{};
    IntVec places{}, place{};
    for (int lane = 0; lane < kLanes; ++lane) place[lane] = lane;
    const auto look = [&](Vec logits) {
      const IntVec larger = logits > best;
      best = larger ? logits : best;
      places = larger ? place : places;
      difference += logits - logits;
      place += kLanes;
    };
    for (std::int64_t v = 0; v < whole_; v += kLanes) look(V::load(data_ + v));
    if (whole_ < size_) look(tail(data_[0]));
    int first = 0;
    for (int lane = 0; lane < kLanes; ++lane) {
      if (best[lane] > best[first] || (best[lane] == best[first] && places[lane] < places[first])) first = lane;
      strange += difference[lane];
    }
    summary.top = static_cast<double>(best[first]);
    summary.top_token = static_cast<std::int32_t>(places[first]);
  }

  Real* data_;
  std::int64_t size_, whole_;
};

}  // namespace
}  // namespace hies::kernels
