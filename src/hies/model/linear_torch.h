#pragma once

#include <memory>
#include <optional>

#include <ATen/ATen.h>

namespace hies::model {

// y = x Wᵀ + b over the rows of x, with frozen weights: the backward pass gives the gradient of x only.
// float32 and bfloat16 run on oneDNN with the weight in the order that its kernels read, which is about a tenth faster than MKL or an
// unordered weight (docs/performance.md). The order is made when it is first needed, once for each direction.
class Linear {
 public:
  Linear() = default;
  Linear(at::Tensor weight, at::Tensor bias);  // [out, in], [out]

  at::Tensor operator()(const at::Tensor& x) const;

  const at::Tensor& weight() const noexcept;
  const at::Tensor& bias() const noexcept;

 private:
  friend struct LinearFunction;
  struct State;
  std::shared_ptr<State> state_;  // shared by copies, and with a graph that waits for its backward pass
};

}  // namespace hies::model
