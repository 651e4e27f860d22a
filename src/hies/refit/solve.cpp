#include <algorithm>
#include <cmath>

#include "hies/base/error.h"
#include "hies/refit/solve_torch.h"

namespace hies::refit {
namespace {

// XᵀX and XᵀY of columns without their means, as a free bias leaves them.
struct Centred {
  at::Tensor xx, xy, x_mean, y_mean;
};

Centred centred(const Gram& gram, bool with_bias) {
  if (!with_bias) return {gram.xx, gram.xy, {}, {}};
  const auto rows = static_cast<double>(gram.rows);
  const at::Tensor x_mean = gram.x_sum / rows, y_mean = gram.y_sum / rows;
  return {gram.xx - at::outer(gram.x_sum, x_mean), gram.xy - at::outer(gram.x_sum, y_mean), x_mean, y_mean};
}

}  // namespace

double residual_error(const Gram& gram, const Affine& affine) {
  const at::Tensor& v = affine.matrix;
  at::Tensor error = gram.yy + v.mul(gram.xx.matmul(v) - 2 * gram.xy).sum();
  if (affine.bias.defined()) {
    const at::Tensor& c = affine.bias;
    error = error + 2 * gram.x_sum.matmul(v).dot(c) + static_cast<double>(gram.rows) * c.dot(c) - 2 * gram.y_sum.dot(c);
  }
  return std::max(error.item<double>(), 0.0);
}

Solution solve(const Gram& gram, const Affine& before, double damping) {
  const std::int64_t width = gram.xx.size(0);
  if (!std::isfinite(gram.yy.item<double>()) || !at::isfinite(gram.xx).all().item<bool>())
    bad_input("sums of activations are not finite");
  const bool with_bias = before.bias.defined();
  if (width == 0) {
    Solution solution{before, damping};
    if (with_bias) solution.affine.bias = gram.y_sum / static_cast<double>(gram.rows);
    return solution;
  }
  const Centred sums = centred(gram, with_bias);
  const double scale = gram.xx.diagonal().sum().item<double>() / static_cast<double>(width);
  if (!(scale > 0)) return {before, damping};  // no activation was ever anything but 0
  for (;; damping = damping > 0 ? damping * 10 : 1e-8) {
    const double lambda = damping * scale;
    at::Tensor system = sums.xx.clone();
    system.diagonal().add_(lambda);
    const auto [factor, info] = at::linalg_cholesky_ex(system);
    if (info.item<int>() != 0) {
      check(damping < 1e6, "no damping makes the sums positive definite");
      continue;
    }
    Solution solution;
    solution.damping = damping;
    solution.affine.matrix = at::cholesky_solve(sums.xy + lambda * before.matrix, factor);
    if (with_bias) solution.affine.bias = sums.y_mean - sums.x_mean.matmul(solution.affine.matrix);
    return solution;
  }
}

}  // namespace hies::refit
