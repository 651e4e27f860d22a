#pragma once

#include "hies/kernels/logits.h"
#include "hies/kernels/simd/softmax.h"

namespace hies::kernels {
namespace {

// One row of logits, processed in vectors of 64 bytes.
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
    Real nan_if_not_finite = 0;
    find_maximum(summary, nan_if_not_finite);
    const Vec maximum = V::all(static_cast<Real>(summary.maximum));
    // Sums of kBlock logits are added in float64: one float32 sum over a large vocabulary would lose its small terms.
    for (std::int64_t begin = 0; begin < whole_; begin += kBlock) {
      Vec sum{};
      for (std::int64_t v = begin; v < whole_ && v < begin + kBlock; v += kLanes) sum += exponential(V::load(data_ + v), maximum);
      summary.sum += lane_sum(sum);
    }
    if (whole_ < size_) summary.sum += lane_sum(exponential(tail(static_cast<Real>(kZeroWeight)), maximum));
    summary.sum += static_cast<double>(nan_if_not_finite);
    return summary;
  }

  void softmax(const LogitSummary& summary, double weight) const {
    const Vec maximum = V::all(static_cast<Real>(summary.maximum)), factor = V::all(static_cast<Real>(weight / summary.sum));
    for (std::int64_t v = 0; v < whole_; v += kLanes) V::store(data_ + v, exponential(V::load(data_ + v), maximum) * factor);
    if (whole_ == size_) return;
    Real last[kLanes];
    V::store(last, exponential(tail(0), maximum) * factor);
    __builtin_memcpy(data_ + whole_, last, static_cast<std::size_t>(size_ - whole_) * sizeof(Real));
  }

 private:
  static constexpr std::int64_t kBlock = 64 * kLanes;
  static constexpr double kZeroWeight = sizeof(Real) == 4 ? -1e38 : -1e300;  // a logit whose exponential is 0

  // Returns the last logits, which do not fill a vector, padded with `padding`.
  Vec tail(Real padding) const {
    Real last[kLanes];
    for (int lane = 0; lane < kLanes; ++lane) last[lane] = whole_ + lane < size_ ? data_[whole_ + lane] : padding;
    return V::load(last);
  }

  static Vec exponential(Vec logit, Vec maximum) {
    const LogitScale<Real> scale(1);
    const Vec difference = logit - maximum;
    return V::exp2(difference * scale.unit + difference * scale.unit_rest);
  }

  static double lane_sum(Vec values) {
    double sum = 0;
    for (int lane = 0; lane < kLanes; ++lane) sum += static_cast<double>(values[lane]);
    return sum;
  }

  // Sets maximum and top_token of the summary. nan_if_not_finite becomes NaN if a logit is not finite, else 0.
  void find_maximum(LogitSummary& summary, Real& nan_if_not_finite) const {
    Vec best = V::all(data_[0]), difference{};
    IntVec best_tokens{}, tokens{};
    for (int lane = 0; lane < kLanes; ++lane) tokens[lane] = lane;
    const auto update = [&](Vec logits) {
      const IntVec larger = logits > best;
      best = larger ? logits : best;
      best_tokens = larger ? tokens : best_tokens;
      difference += logits - logits;
      tokens += kLanes;
    };
    for (std::int64_t v = 0; v < whole_; v += kLanes) update(V::load(data_ + v));
    if (whole_ < size_) update(tail(data_[0]));
    int first = 0;
    for (int lane = 0; lane < kLanes; ++lane) {
      if (best[lane] > best[first] || (best[lane] == best[first] && best_tokens[lane] < best_tokens[first])) first = lane;
      nan_if_not_finite += difference[lane];
    }
    summary.maximum = static_cast<double>(best[first]);
    summary.top_token = static_cast<std::int32_t>(best_tokens[first]);
  }

  Real* data_;
  std::int64_t size_, whole_;
};

}  // namespace
}  // namespace hies::kernels
