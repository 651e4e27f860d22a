#pragma once

#include <span>

#include <ATen/ATen.h>

#include "hies/model/attention_torch.h"
#include "hies/model/batch.h"
#include "hies/model/spec.h"

namespace hies::model {

// y = x Wᵀ + b over the rows of x.
struct Linear {
  at::Tensor weight;  // [out, in]
  at::Tensor bias;    // [out]
  at::Tensor operator()(const at::Tensor& x) const { return at::linear(x, weight, bias); }
};

struct Norm {
  at::Tensor weight, bias;  // [E]
  double epsilon = 0;
  at::Tensor operator()(const at::Tensor& x) const { return at::layer_norm(x, weight.sizes(), weight, bias, epsilon); }
};

at::Tensor activate(Activation activation, const at::Tensor& x);

// A view, not a copy: valid as long as the span's memory.
at::Tensor index_tensor(std::span<const std::int32_t> indices);
at::Tensor index_tensor(std::span<const std::int64_t> indices);

// The forward pass of one checkpoint.
class Network {
 public:
  virtual ~Network() = default;
  // Logits [B, V] in the computation dtype, with an autograd graph down to the first attention output when the run asks for it.
  virtual at::Tensor forward(const Batch& batch, AttentionRun& run) const = 0;
};

}  // namespace hies::model
