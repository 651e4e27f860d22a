#include <algorithm>

#include "hies/refit/gram_torch.h"

namespace hies::refit {
namespace {

constexpr std::int64_t kBlock = 1024;  // rows whose products are added up before float64 takes over

}  // namespace

Gram::Gram(std::int64_t inputs, std::int64_t outputs, at::Device device) {
  const at::TensorOptions options = at::TensorOptions().dtype(at::kDouble).device(device);
  xx = at::zeros({inputs, inputs}, options);
  xy = at::zeros({inputs, outputs}, options);
  x_sum = at::zeros({inputs}, options);
  y_sum = at::zeros({outputs}, options);
  yy = at::zeros({}, options);
}

void Gram::add(const at::Tensor& x, const at::Tensor& y) {
  const at::ScalarType type = x.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
  for (std::int64_t first = 0; first < x.size(0); first += kBlock) {
    const std::int64_t count = std::min(kBlock, x.size(0) - first);
    const at::Tensor of_x = x.narrow(0, first, count).to(type), of_y = y.narrow(0, first, count).to(type);
    xx.add_(at::mm(of_x.t(), of_x));
    xy.add_(at::mm(of_x.t(), of_y));
    x_sum.add_(of_x.sum(0, false, at::kDouble));
    y_sum.add_(of_y.sum(0, false, at::kDouble));
    const at::Tensor exact = of_y.to(at::kDouble);
    yy.add_(exact.mul(exact).sum());
  }
  rows += x.size(0);
}

}  // namespace hies::refit
