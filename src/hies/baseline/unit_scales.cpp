#include "hies/base/error.h"
#include "hies/baseline/unit_scales_torch.h"

namespace hies::baseline {

at::Tensor unit_scales(const refit::Gram& sums, const refit::Affine& matrix, std::int64_t unit_size, double damping) {
  const at::Tensor& v = matrix.matrix;
  const std::int64_t units = v.size(0) / unit_size;
  if (units == 0) return at::zeros({0}, v.options());
  if (!at::isfinite(sums.xx).all().item<bool>()) bad_input("sums of activations are not finite");
  // ⟨x_u V_u, x_w V_w⟩ over all tokens is the sum of a block of (XᵀX) ⊙ (V Vᵀ), ⟨x_u V_u, Y − c⟩ that of rows of V ⊙ Xᵀ(Y − c).
  const at::Tensor system =
      sums.xx.mul(v.matmul(v.t())).unflatten(0, {units, unit_size}).unflatten(2, {units, unit_size}).sum({1, 3});
  at::Tensor xy = sums.xy;
  if (matrix.bias.defined()) xy = xy - at::outer(sums.x_sum, matrix.bias);
  const at::Tensor wanted = v.mul(xy).sum(1).unflatten(0, {units, unit_size}).sum(1);
  const double scale = system.diagonal().mean().item<double>();
  if (!(scale > 0)) return at::ones({units}, v.options());
  // In terms of m − 1, so that the damping draws to 1.
  const at::Tensor residual = wanted - system.sum(1);
  for (;; damping = damping > 0 ? damping * 10 : 1e-8) {
    at::Tensor damped = system.clone();
    damped.diagonal().add_(damping * scale);
    const auto [factor, info] = at::linalg_cholesky_ex(damped);
    if (info.item<int>() != 0) {
      check(damping < 1e6, "no damping makes the products of units positive definite");
      continue;
    }
    return at::cholesky_solve(residual.unsqueeze(1), factor).squeeze(1) + 1;
  }
}

}  // namespace hies::baseline
