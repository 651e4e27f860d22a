#include <algorithm>
#include <limits>
#include <numeric>

#include "hies/base/error.h"
#include "hies/baseline/obs_torch.h"
#include "hies/baseline/walk_torch.h"
#include "hies/ops/tensors.h"

namespace hies::baseline {
namespace {

constexpr std::size_t kSteps = 32;  // in which single inputs leave

at::Tensor damped_system(const refit::Gram& sums, bool with_bias, double damping) {
  at::Tensor system = sums.xx.clone();
  if (with_bias) system.sub_(at::outer(sums.x_sum, sums.x_sum) / static_cast<double>(sums.rows));
  const double scale = sums.xx.diagonal().mean().item<double>();
  system.diagonal().add_(damping * (scale > 0 ? scale : 1));
  return system;
}

// The matrix as it is after some units are removed, and the inverse of the system of what is left.
class Surgeon {
 public:
  Surgeon(at::Tensor inverse, at::Tensor matrix, const std::vector<std::vector<std::int64_t>>& units)
      : inverse_(std::move(inverse)), matrix_(std::move(matrix)), left_(units.size()), units_(units) {
    std::iota(left_.begin(), left_.end(), std::size_t{0});
  }

  // Removes the `count` units that increase the error least, by themselves.
  std::vector<std::size_t> remove(std::size_t count) {
    std::vector<double> increases(left_.size());
    const at::Tensor all = inputs_of(left_);
    const auto size = static_cast<std::int64_t>(units_.front().size()), U = static_cast<std::int64_t>(left_.size());
    const at::Tensor rows = matrix_.index_select(0, all).unflatten(0, {U, size});
    const at::Tensor within = size == 1 ? inverse_.diagonal().index_select(0, all).view({U, 1, 1}) : blocks(U, size);
    const at::Tensor values = rows.mul(at::linalg_solve(within, rows)).sum({1, 2}).to(at::kCPU).contiguous();
    std::copy_n(values.const_data_ptr<double>(), U, increases.begin());
    std::vector<std::size_t> order(left_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return increases[a] < increases[b]; });
    std::vector<std::size_t> removed;
    for (std::size_t i = 0; i < count; ++i) removed.push_back(left_[order[i]]);
    std::sort(removed.begin(), removed.end());
    std::erase_if(left_, [&](std::size_t unit) { return std::binary_search(removed.begin(), removed.end(), unit); });
    update(inputs_of(removed));
    return removed;
  }

 private:
  at::Tensor inputs_of(const std::vector<std::size_t>& units) const {
    std::vector<std::int64_t> inputs;
    for (const std::size_t unit : units) inputs.insert(inputs.end(), units_[unit].begin(), units_[unit].end());
    return ops::index_tensor(inputs).clone().to(matrix_.device());
  }

  at::Tensor blocks(std::int64_t count, std::int64_t size) const {
    at::Tensor blocks = at::empty({count, size, size}, inverse_.options());
    for (std::int64_t i = 0; i < count; ++i) {
      const at::Tensor own = inputs_of({left_[static_cast<std::size_t>(i)]});
      blocks.select(0, i).copy_(inverse_.index_select(0, own).index_select(1, own));
    }
    return blocks;
  }

  void update(const at::Tensor& gone) {
    const at::Tensor columns = inverse_.index_select(1, gone);
    const at::Tensor within = columns.index_select(0, gone);
    matrix_ = matrix_ - columns.matmul(at::linalg_solve(within, matrix_.index_select(0, gone)));
    inverse_ = inverse_ - columns.matmul(at::linalg_solve(within, columns.t()));
  }

  at::Tensor inverse_, matrix_;
  std::vector<std::size_t> left_;
  const std::vector<std::vector<std::int64_t>>& units_;
};

}  // namespace

std::vector<std::size_t> obs_selected(const refit::Gram& sums, const refit::Affine& whole,
                                      const std::vector<std::vector<std::int64_t>>& units, std::size_t count, double damping) {
  if (!at::isfinite(sums.xx).all().item<bool>()) bad_input("sums of activations are not finite");
  std::vector<std::size_t> removed;
  if (count == 0) return removed;
  const auto [factor, info] = at::linalg_cholesky_ex(damped_system(sums, whole.bias.defined(), damping));
  if (info.item<int>() != 0) bad_input("sums of activations are singular: raise `damping`");
  Surgeon surgeon(at::cholesky_inverse(factor), whole.matrix, units);
  const std::size_t step = units.front().size() > 1 ? 1 : std::max<std::size_t>(1, count / kSteps);
  while (removed.size() < count)
    for (const std::size_t unit : surgeon.remove(std::min(step, count - removed.size()))) removed.push_back(unit);
  std::sort(removed.begin(), removed.end());
  return removed;
}

refit::Solution obs_fitted(const refit::Gram& sums, const refit::Affine& whole, const at::Tensor& inputs, double damping) {
  refit::Gram own = sums;
  own.xy = sums.xx.matmul(whole.matrix);
  own.y_sum = sums.x_sum.matmul(whole.matrix);
  if (whole.bias.defined()) {
    own.xy = own.xy + at::outer(sums.x_sum, whole.bias);
    own.y_sum = own.y_sum + static_cast<double>(sums.rows) * whole.bias;
  }
  return refit::solve(of_inputs(own, inputs), rows_of(whole, inputs), damping);
}

}  // namespace hies::baseline
