#include "hies/score/spectral_norm.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "hies/base/rng.h"

namespace hies::score {
namespace {

std::vector<double> random_matrix(std::size_t size, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<double> values(size);
  for (double& value : values) value = rng.uniform() - 0.5;
  return values;
}

// Largest eigenvalue of WᵀW by repeated squaring of the matrix itself: another way to the same number.
double reference(const std::vector<double>& w, std::size_t rows, std::size_t columns) {
  std::vector<double> gram(columns * columns);
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t i = 0; i < columns; ++i)
      for (std::size_t j = 0; j < columns; ++j) gram[i * columns + j] += w[r * columns + i] * w[r * columns + j];
  // trace(Gⁿ)^(1/n) → largest eigenvalue; n = 2^40 leaves a factor of at most columns^(1/n) = 1.
  double log_scale = 0;
  for (int squaring = 0; squaring < 40; ++squaring) {
    double trace = 0;
    for (std::size_t i = 0; i < columns; ++i) trace += gram[i * columns + i];
    for (double& value : gram) value /= trace;
    log_scale = 2 * (log_scale + std::log(trace));
    std::vector<double> square(columns * columns);
    for (std::size_t i = 0; i < columns; ++i)
      for (std::size_t k = 0; k < columns; ++k)
        for (std::size_t j = 0; j < columns; ++j) square[i * columns + j] += gram[i * columns + k] * gram[k * columns + j];
    gram = square;
  }
  return std::exp(log_scale / std::exp2(40) / 2);
}

TEST(SpectralNorm, OfADiagonalIsItsLargestEntry) {
  const std::vector<double> diagonal = {2, 0, 0, 0, -7, 0, 0, 0, 3};
  EXPECT_NEAR(spectral_norm(diagonal, 3, 3), 7, 1e-9);
}

TEST(SpectralNorm, OfOneRankIsTheProductOfNorms) {
  std::vector<double> outer;
  for (const double a : {1.0, 2.0, 2.0})
    for (const double b : {3.0, 4.0}) outer.push_back(a * b);
  EXPECT_NEAR(spectral_norm(outer, 3, 2), 15, 1e-12);
}

TEST(SpectralNorm, OfRandomMatrices) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const std::size_t rows = 3 + seed, columns = 12 - seed / 2;
    const auto w = random_matrix(rows * columns, seed);
    const double expected = reference(w, rows, columns);
    EXPECT_NEAR(spectral_norm(w, static_cast<std::int64_t>(rows), static_cast<std::int64_t>(columns)) / expected, 1, 1e-7)
        << seed;
  }
}

TEST(SpectralNorm, EqualLargestValuesAreNoTrouble) {
  const std::vector<double> identity = {5, 0, 0, 0, 5, 0, 0, 0, 5};
  EXPECT_NEAR(spectral_norm(identity, 3, 3), 5, 1e-12);
}

TEST(SpectralNorm, OfNothingIsZero) {
  EXPECT_EQ(spectral_norm({}, 4, 0), 0);
  EXPECT_EQ(spectral_norm(std::vector<double>(6), 2, 3), 0);
}

}  // namespace
}  // namespace hies::score
