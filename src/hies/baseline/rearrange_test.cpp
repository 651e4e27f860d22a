// Least squares and exchanges of the baselines, on numbers that are planted.

#include "hies/baseline/rearrange.h"

#include <gtest/gtest.h>

#include "hies/baseline/obs_torch.h"
#include "hies/baseline/unit_scales_torch.h"

namespace hies::baseline {
namespace {

at::TensorOptions in_double() { return at::TensorOptions().dtype(at::kDouble); }
double largest(const at::Tensor& tensor) { return tensor.abs().max().item<double>(); }

refit::Gram sums_of(const at::Tensor& x, const at::Tensor& y) {
  refit::Gram gram(x.size(1), y.size(1), at::kCPU);
  gram.add(x, y);
  return gram;
}

TEST(Rearranged, UnitsThatCancelLeaveTogether) {
  // Unit 2 is larger than 0 and 1, but cancels one of them. Of two examples.
  const std::vector<double> gradients = {1, 1, -1.5, 3, 9, 1, 1, -1.5, 3, 9};
  EXPECT_EQ(rearranged(gradients, 5, 2), (std::vector<std::size_t>{1, 2}));
  EXPECT_EQ(joint_square(gradients, 5, std::vector<std::size_t>{1, 2}), 0.5);
  EXPECT_EQ(joint_square(gradients, 5, std::vector<std::size_t>{0, 1}), 8);
  EXPECT_EQ(rearranged(gradients, 5, 0), std::vector<std::size_t>());
  EXPECT_EQ(rearranged(gradients, 5, 5), (std::vector<std::size_t>{0, 1, 2, 3, 4}));
}

TEST(UnitScales, FindsPlantedFactors) {
  at::manual_seed(3);
  const at::Tensor x = at::randn({300, 12}, in_double()) + 0.3, v = at::randn({12, 5}, in_double()),
                   c = at::randn({5}, in_double());
  for (const std::int64_t size : {1, 3}) {
    const at::Tensor factors = at::randn({12 / size}, in_double()) + 1;
    const at::Tensor y = x.matmul(v * factors.repeat_interleave(size).unsqueeze(1)) + c;
    EXPECT_LE(largest(unit_scales(sums_of(x, y), {v, c}, size, 1e-14) - factors), 1e-9) << size;
    EXPECT_LE(largest(unit_scales(sums_of(x, y), {v, c}, size, 1e9) - 1), 1e-6) << "much damping keeps 1";
  }
}

TEST(Obs, RemovesWhatOthersCanReplace) {
  at::manual_seed(5);
  at::Tensor x = at::randn({400, 6}, in_double());
  x.select(1, 4).copy_(x.select(1, 1) * 3);  // the largest input, but the second says the same
  const at::Tensor v = at::ones({6, 2}, in_double()), none = at::zeros({400, 2}, in_double());
  const refit::Gram sums = sums_of(x, none);
  std::vector<std::vector<std::int64_t>> units;
  for (std::int64_t i = 0; i < 6; ++i) units.push_back({i});
  const auto removed = obs_selected(sums, {v, {}}, units, 1, 1e-9);
  ASSERT_EQ(removed.size(), 1u);
  EXPECT_TRUE(removed.front() == 1 || removed.front() == 4) << removed.front();
  // What is kept gives the same output.
  std::vector<std::int64_t> kept;
  for (std::int64_t i = 0; i < 6; ++i)
    if (static_cast<std::size_t>(i) != removed.front()) kept.push_back(i);
  const at::Tensor inputs = at::tensor(kept);
  const refit::Solution fitted = obs_fitted(sums, {v, {}}, inputs, 1e-12);
  EXPECT_LE(largest(x.index_select(1, inputs).matmul(fitted.affine.matrix) - x.matmul(v)), 1e-6);
}

TEST(Obs, IsTheBestPairOfUnitsWhereInputsAreIndependent) {
  at::manual_seed(6);
  const at::Tensor q = std::get<0>(at::linalg_qr(at::randn({200, 8}, in_double())));
  const at::Tensor v = at::randn({8, 3}, in_double());
  const std::vector<std::vector<std::int64_t>> units = {{0, 1}, {2, 3}, {4, 5}, {6, 7}};
  const auto removed = obs_selected(sums_of(q, at::zeros({200, 3}, in_double())), {v, {}}, units, 2, 1e-12);
  std::vector<std::pair<double, std::size_t>> norms;
  for (std::size_t unit = 0; unit < 4; ++unit)
    norms.emplace_back(v.narrow(0, static_cast<std::int64_t>(2 * unit), 2).square().sum().item<double>(), unit);
  std::sort(norms.begin(), norms.end());
  std::vector<std::size_t> wanted = {norms[0].second, norms[1].second};
  std::sort(wanted.begin(), wanted.end());
  EXPECT_EQ(removed, wanted);
}

}  // namespace
}  // namespace hies::baseline
