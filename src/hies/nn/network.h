#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "hies/model/attention_torch.h"
#include "hies/model/batch.h"
#include "hies/model/batch_rows_torch.h"
#include "hies/model/gpu_torch.h"
#include "hies/model/device_torch.h"
#include "hies/model/linear_torch.h"
#include "hies/model/spec.h"

namespace hies::model {

// An embedding table as it is stored; rows are converted when they are looked up.
struct Table {
  at::Tensor stored;  // [V, E]
  at::ScalarType type = at::kFloat;
  at::Tensor rows(const at::Tensor& indices) const { return stored.index_select(0, brought(indices, stored.device())).to(type); }
};

struct Norm {
  at::Tensor weight, bias;  // [E]
  double epsilon = 0;
  at::Tensor operator()(const at::Tensor& x) const { return at::layer_norm(x, weight.sizes(), weight, bias, epsilon); }
  GpuNorm on_gpu() const { return {weight, bias, epsilon}; }
};

// x / √(mean x² + epsilon) · weight over the last dimension, in float32 at least (Zhang and Sennrich 2019).
struct RmsNorm {
  at::Tensor weight;  // [E]
  double epsilon = 0;
  at::Tensor operator()(const at::Tensor& x) const;
  GpuNorm on_gpu() const { return {weight, {}, epsilon}; }
};

at::Tensor activated(Activation activation, const at::Tensor& x);
// The same in the memory of x where no graph needs x.
at::Tensor activate(Activation activation, at::Tensor x);

// The gradient by x from that by the result.
at::Tensor activation_gradient(Activation activation, const at::Tensor& of_result, const at::Tensor& x);

// Rows of a hidden state for so many tokens, or sequences; what the rows behind them hold does not matter. oneDNN compiles code for
// every number of rows that it meets and keeps it, about half a megabyte for each matrix, so it should meet few. Sequences are few
// beside tokens, so that their steps may be larger.
inline std::int64_t padded_tokens(std::int64_t tokens) {
  const std::int64_t step = tokens < 128 ? 8 : 16;
  return (tokens + step - 1) / step * step;
}
inline std::int64_t padded_sequences(std::int64_t sequences) {
  return std::max<std::int64_t>(8, static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(sequences))));
}

// A view, not a copy: valid as long as the span's memory.
at::Tensor index_tensor(std::span<const std::int32_t> indices);
at::Tensor index_tensor(std::span<const std::int64_t> indices);

// How queries, keys and values of a layer's heads are computed. `joint`: all that the layer has in one product. `apart`: each head in
// a product of its own, a little slower, but only those asked for, and bit for bit the same whichever others are.
enum class HeadProducts { joint, apart };

// What the backward pass of a layer needs where there is no graph.
struct LayerTape {
  AttentionRun::Tape attention;
  std::vector<at::Tensor> kept;
};

// The forward pass of one checkpoint, step by step: embed, then heads and finish of every layer, then task_head.
// With a probe that wants inner products there is an autograd graph down to the first head outputs.
class Network {
 public:
  virtual ~Network() = default;
  // The state before layer 0: [T, E]. Here and below T and B are padded.
  virtual at::Tensor embed(const Batch& batch, const BatchRows& rows) const = 0;
  // Outputs A_h of `heads`, all that the layer has (joint) or at least one of them (apart), from the state before the layer: [T, H·D];
  // in the last layer of the rows that are asked for only.
  virtual at::Tensor heads(int layer, const LayerHeads& heads, const at::Tensor& hidden, AttentionRun& run,
                           HeadProducts products) const = 0;
  // The state after the layer, from the state before it and the outputs of all the heads that take part (undefined: none).
  virtual at::Tensor finish(int layer, const LayerHeads& heads, const at::Tensor& hidden, const at::Tensor& outputs,
                            const AttentionRun& run) const = 0;
  // From the rows of the last layer's state that are read: logits [B, V] in the computation dtype, of a language model the final
  // states [R, E], which vocabulary() makes logits of.
  virtual at::Tensor task_head(const at::Tensor& hidden, const BatchRows& rows) const = 0;
  // On a GPU, layers before the last also run without a graph, whose bookkeeping takes longer than the GPU does: whether the family
  // has these two; the state after the layer, which may be left undefined where only the tape is wanted; from the gradient by it
  // that by the state before (undefined in layer 0).
  virtual bool tapes() const { return false; }
  virtual at::Tensor forward_taped(int /*layer*/, const at::Tensor& /*hidden*/, AttentionRun& /*run*/, LayerTape& /*tape*/,
                                   bool /*only_tape*/) const {
    return {};
  }
  virtual at::Tensor backward_taped(int /*layer*/, const at::Tensor& /*gradient*/, AttentionRun& /*run*/,
                                    const LayerTape& /*tape*/) const {
    return {};
  }
  // Language models: the output matrix [V, E]. Else null.
  virtual const Linear* vocabulary() const { return nullptr; }
};

}  // namespace hies::model
