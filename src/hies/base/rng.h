#pragma once

#include <cstdint>
#include <initializer_list>
#include <numeric>
#include <utility>
#include <vector>

namespace hies {

// SplitMix64 (Steele, Lea, Flood 2014). It gives the same numbers on every platform, unlike std::shuffle and std::*_distribution.
class Rng {
 public:
  explicit Rng(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15ull);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
  }

  // Returns a uniform number in [0, 1) of 53 bits.
  double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

  // Returns a uniform integer in [0, bound), without bias; bound > 0.
  std::uint64_t below(std::uint64_t bound) {
    const std::uint64_t reject = (0 - bound) % bound;
    std::uint64_t value;
    do value = next();
    while (value < reject);
    return value % bound;
  }

 private:
  std::uint64_t state_;
};

// Returns numbers that depend on the seed and on what they are of alone, not on what was drawn before.
inline Rng rng_of(std::uint64_t seed, std::initializer_list<std::int64_t> of) {
  std::uint64_t state = seed;
  for (const std::int64_t part : of) state = Rng(state + static_cast<std::uint64_t>(part)).next();
  return Rng(state);
}

// Returns a random permutation of 0 … count−1 (Fisher–Yates).
inline std::vector<std::int64_t> permutation(std::int64_t count, Rng& rng) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[rng.below(i)]);
  return order;
}

}  // namespace hies
