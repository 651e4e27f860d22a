#include "hies/score/spectral_norm.h"

#include <cmath>
#include <vector>

#include "hies/base/error.h"
#include "hies/base/rng.h"

namespace hies::score {
namespace {

constexpr double kTolerance = 1e-7;
constexpr int kMostIterations = 20000;

double norm(const std::vector<double>& x) {
  double squares = 0;
  for (const double value : x) squares += value * value;
  return std::sqrt(squares);
}

// Four running sums, so that the compiler may use vector registers without reordering additions on its own.
double dot(const double* a, const double* b, std::size_t size) {
  double sums[4] = {0, 0, 0, 0};
  std::size_t i = 0;
  for (; i + 4 <= size; i += 4)
    for (std::size_t lane = 0; lane < 4; ++lane) sums[lane] += a[i + lane] * b[i + lane];
  double rest = 0;
  for (; i < size; ++i) rest += a[i] * b[i];
  return (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest;
}

}  // namespace

double spectral_norm(std::span<const double> matrix, std::int64_t rows, std::int64_t columns) {
  check(static_cast<std::int64_t>(matrix.size()) == rows * columns, "a matrix of another size");
  if (matrix.empty()) return 0;
  const auto width = static_cast<std::size_t>(columns);
  // A random start has a share of every singular vector; a constant one may have none of the largest.
  Rng rng(0);
  std::vector<double> v(width);
  for (double& value : v) value = rng.uniform() - 0.5;
  const double start = norm(v);
  for (double& value : v) value /= start;

  std::vector<double> next(width);
  double sigma_squared = 0;
  for (int iteration = 0; iteration < kMostIterations; ++iteration) {
    std::fill(next.begin(), next.end(), 0.0);
    sigma_squared = 0;
    for (std::size_t row = 0; row < static_cast<std::size_t>(rows); ++row) {
      const double* weights = matrix.data() + row * width;
      const double product = dot(weights, v.data(), width);
      sigma_squared += product * product;
      for (std::size_t column = 0; column < width; ++column) next[column] += product * weights[column];
    }
    double residual = 0;
    for (std::size_t column = 0; column < width; ++column) {
      const double difference = next[column] - sigma_squared * v[column];
      residual += difference * difference;
    }
    const double length = norm(next);
    if (length == 0 || std::sqrt(residual) <= kTolerance * sigma_squared) break;
    for (std::size_t column = 0; column < width; ++column) v[column] = next[column] / length;
  }
  return std::sqrt(sigma_squared);
}

}  // namespace hies::score
