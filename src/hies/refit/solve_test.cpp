// Least squares on sums: what must hold whatever the numbers.

#include <gtest/gtest.h>

#include "hies/base/error.h"
#include "hies/refit/solve_torch.h"

namespace hies::refit {
namespace {

at::TensorOptions in_double() { return at::TensorOptions().dtype(at::kDouble); }

double largest(const at::Tensor& tensor) { return tensor.abs().max().item<double>(); }

struct Problem {
  // `rows` of W inputs that are correlated and not centred, and an old matrix that is near the planted one.
  explicit Problem(std::int64_t rows, std::int64_t W = 12, std::int64_t E = 5) {
    at::manual_seed(7);
    x = at::randn({rows, W}, in_double()).matmul(at::randn({W, W}, in_double())) + 0.5;
    planted = {at::randn({W, E}, in_double()), at::randn({E}, in_double())};
    before = {planted.matrix + 0.1 * at::randn({W, E}, in_double()), planted.bias - 1};
    y = x.matmul(planted.matrix) + planted.bias;
  }
  Gram sums() const {
    Gram gram(x.size(1), y.size(1), at::kCPU);
    gram.add(x, y);
    return gram;
  }
  at::Tensor x, y;
  Affine planted, before;
};

TEST(Solve, FindsAPlantedSolution) {
  const Problem problem(200);
  const Solution solution = solve(problem.sums(), problem.before, 1e-12);
  EXPECT_LE(largest(solution.affine.matrix - problem.planted.matrix), 1e-7);
  EXPECT_LE(largest(solution.affine.bias - problem.planted.bias), 1e-7);
  EXPECT_LE(residual_error(problem.sums(), solution.affine), 1e-9 * residual_error(problem.sums(), problem.before));
}

TEST(Solve, IsTheMinimum) {
  const Problem problem(40);
  const Gram sums = problem.sums();
  const double damping = 0.03, lambda = damping * sums.xx.diagonal().sum().item<double>() / 12;
  const Affine found = solve(sums, problem.before, damping).affine;
  const auto objective = [&](const Affine& affine) {
    return residual_error(sums, affine) + lambda * (affine.matrix - problem.before.matrix).square().sum().item<double>();
  };
  const double least = objective(found);
  for (int i = 0; i < 20; ++i) {
    const Affine near = {found.matrix + 1e-3 * at::randn_like(found.matrix), found.bias + 1e-3 * at::randn_like(found.bias)};
    EXPECT_GT(objective(near), least);
  }
}

TEST(Solve, LeavesWhatFitsAlready) {
  Problem problem(200);
  problem.before = problem.planted;
  for (const double damping : {1e-3, 1.0, 1e3}) {
    const Affine found = solve(problem.sums(), problem.before, damping).affine;
    EXPECT_LE(largest(found.matrix - problem.planted.matrix), 1e-10) << damping;
    EXPECT_LE(largest(found.bias - problem.planted.bias), 1e-10) << damping;
  }
}

TEST(Solve, EndlessDampingOnlyCentres) {
  const Problem problem(200);
  const Gram sums = problem.sums();
  const Affine found = solve(sums, problem.before, 1e14).affine;
  EXPECT_LE(largest(found.matrix - problem.before.matrix), 1e-10);
  const at::Tensor centred = (problem.y - problem.x.matmul(problem.before.matrix)).mean(0);
  EXPECT_LE(largest(found.bias - centred), 1e-9);
  // Without a bias nothing is left to change.
  const Affine fixed = solve(sums, {problem.before.matrix, {}}, 1e14).affine;
  EXPECT_LE(largest(fixed.matrix - problem.before.matrix), 1e-10);
  EXPECT_FALSE(fixed.bias.defined());
}

TEST(Solve, NeverRaisesTheError) {
  for (const std::int64_t rows : {3, 12, 200})  // fewer rows than inputs, too
    for (const double damping : {1e-6, 1e-2, 10.0})
      for (const bool with_bias : {true, false}) {
        const Problem problem(rows);
        const Gram sums = problem.sums();
        const Affine before = {problem.before.matrix, with_bias ? problem.before.bias : at::Tensor()};
        const double old_error = residual_error(sums, before);
        EXPECT_LE(residual_error(sums, solve(sums, before, damping).affine), old_error * (1 + 1e-12));
      }
}

TEST(Solve, ErrorIsThatOfTheRows) {
  const Problem problem(50);
  const at::Tensor rest = problem.x.matmul(problem.before.matrix) + problem.before.bias - problem.y;
  const double wanted = rest.square().sum().item<double>();
  EXPECT_NEAR(residual_error(problem.sums(), problem.before), wanted, 1e-9 * wanted);
}

TEST(Solve, NoInputsLeaveABias) {
  const Problem problem(50);
  Gram sums(0, 5, at::kCPU);
  sums.add(problem.x.narrow(1, 0, 0), problem.y);
  const Solution solution = solve(sums, {at::zeros({0, 5}, in_double()), problem.before.bias}, 0.1);
  EXPECT_LE(largest(solution.affine.bias - problem.y.mean(0)), 1e-12);
}

TEST(Solve, RaisesTheDampingWhereItMust) {
  Problem problem(50);
  problem.x.select(1, 3).copy_(problem.x.select(1, 2));  // the same input twice
  const Solution solution = solve(problem.sums(), problem.before, 1e-30);
  EXPECT_GT(solution.damping, 1e-30);
  EXPECT_TRUE(at::isfinite(solution.affine.matrix).all().item<bool>());
}

TEST(Solve, NotFiniteIsRefused) {
  Problem problem(50);
  problem.x[3][2] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW(solve(problem.sums(), problem.before, 0.1), Error);
}

TEST(Gram, DoesNotDependOnTheOrderOfBatches) {
  const Problem problem(3000);
  const Gram whole = problem.sums();
  Gram parts(problem.x.size(1), problem.y.size(1), at::kCPU);
  for (const std::int64_t first : {2000, 0, 1000}) parts.add(problem.x.narrow(0, first, 1000), problem.y.narrow(0, first, 1000));
  EXPECT_EQ(parts.rows, whole.rows);
  EXPECT_LE(largest(parts.xx - whole.xx), 1e-12 * largest(whole.xx));
  EXPECT_LE(largest(parts.xy - whole.xy), 1e-12 * largest(whole.xy));
  EXPECT_LE(largest(parts.x_sum - whole.x_sum), 1e-12 * largest(whole.x_sum));
}

}  // namespace
}  // namespace hies::refit
