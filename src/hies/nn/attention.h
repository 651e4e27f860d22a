#pragma once

#include <memory>

#include "hies/model/layout.h"
#include "hies/nn/run_context.h"

namespace hies::nn {

struct AttentionCall;  // one call of the kernels: shape, heads to skip

// What the backward pass of one attention needs of its forward pass.
struct AttentionTape {
  AttentionTape();
  ~AttentionTape();
  AttentionTape(AttentionTape&&) noexcept;
  AttentionTape& operator=(AttentionTape&&) noexcept;
  std::unique_ptr<AttentionCall> call;
  ops::Projected columns;       // where heads stand; without rows
  at::Tensor query, key_value;  // rows
  bool together = false;        // they are one tensor
  at::Tensor out, lse;          // outputs before the gates, log-sum-exp
};

// Gradients by the rows of queries and by those of keys and values; the latter undefined where they are one tensor.
struct AttentionGradient {
  at::Tensor query, key_value;
};

// Returns the outputs [T or A, H·D] of `heads`, times their gates: all that the layer has, or, in a run without gates and recorder, any
// of them. With QueryRows::all entropies and norms are recorded. `tape`: null where no backward pass follows.
at::Tensor attention_forward(RunContext& run, int layer, const model::SiteLayout& heads, const ops::Projected& projected,
                             QueryRows rows, AttentionTape* tape);

// Records entropies and norms of every token of all the layer's heads, without a result.
void observe_attention(RunContext& run, int layer, const ops::Projected& projected);

// Records inner products, and returns the gradients by what the attention read from that by its outputs. `only_inner`: nothing is
// returned, because nothing below needs a gradient.
AttentionGradient attention_backward(RunContext& run, int layer, const AttentionTape& tape, const at::Tensor& of_outputs,
                                     bool only_inner);

}  // namespace hies::nn
