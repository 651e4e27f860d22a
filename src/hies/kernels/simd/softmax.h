#pragma once

#include "hies/kernels/simd/lanes.h"

namespace hies::kernels {
namespace {

constexpr double kLog2E = 1.4426950408889634074, kLn2 = 0.6931471805599453094;

// The value of a masked logit, and a row maximum that every logit exceeds. Both are finite, so that their difference is.
template <class Real>
constexpr Real kMasked = Real(-2e30);
template <class Real>
constexpr Real kNoMaximum = Real(-1e30);

// How products q·k become powers of 2. The products are computed with sign·q, so that the largest product is the largest logit;
// the absolute value of the scale multiplies differences from the maximum, which are exact.
template <class Real>
struct LogitScale {
  explicit LogitScale(double scale) {
    const double size = scale > 0 ? scale : scale < 0 ? -scale : 1;
    sign = scale > 0 ? Real(1) : scale < 0 ? Real(-1) : Real(0);
    factor = static_cast<Real>(size);
    unit = static_cast<Real>(size * kLog2E);
    unit_rest = static_cast<Real>(size * kLog2E - static_cast<double>(unit));
  }
  Real sign, factor;
  // |scale|·log2(e) as a sum of two numbers: the rounding error of one would change all logits in the same direction.
  Real unit, unit_rest;
};

// N columns of a tile: the products of N queries, one per lane, with `count` keys. Consecutive keys are `stride` elements apart.
template <class Real, int N>
struct Column {
  using V = Lanes<Real, N>;
  using Vec = typename V::Vec;
  Real* first;
  std::int64_t stride, count;

  Vec maximum(Vec start) const {
    Vec even = start, odd = start;  // two chains, because each step depends on the one before
    for (std::int64_t key = 0; key + 1 < count; key += 2) {
      even = V::larger(V::load(first + key * stride), even);
      odd = V::larger(V::load(first + (key + 1) * stride), odd);
    }
    if (count % 2 != 0) even = V::larger(V::load(first + (count - 1) * stride), even);
    return V::larger(even, odd);
  }

  // Replaces products by p = e^(logit − logit of `maximum`). Sets sum = Σ p and shifted = Σ p·log2 p.
  void exponentials(Vec maximum, const LogitScale<Real>& scale, Vec& sum, Vec& shifted) const {
    sum = shifted = Vec{};
#pragma GCC unroll 2
    for (std::int64_t key = 0; key < count; ++key) {
      const Vec difference = V::load(first + key * stride) - maximum;
      const Vec x = difference * scale.unit + difference * scale.unit_rest, power = V::exp2(x);
      V::store(first + key * stride, power);
      sum += power;
      shifted += power * x;
    }
  }

  // Replaces products by probabilities, given the log-sum-exp of each row.
  void probabilities(Vec lse, const LogitScale<Real>& scale) const {
#pragma GCC unroll 2
    for (std::int64_t key = 0; key < count; ++key) {
      Real* at = first + key * stride;
      V::store(at, V::exp2((V::load(at) * scale.factor - lse) * static_cast<Real>(kLog2E)));
    }
  }
};

}  // namespace
}  // namespace hies::kernels
