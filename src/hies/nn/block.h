#pragma once

#include "hies/nn/attention.h"
#include "hies/nn/projection.h"
#include "hies/nn/run_context.h"
#include "hies/nn/weight_source.h"

namespace hies::nn {

// How queries, keys and values of a layer's heads are computed. `joint`: all that the layer has in one product. `apart`: each head in
// a product of its own, a little slower, but only those that are wanted, and bit for bit the same whichever others are.
enum class HeadProducts { joint, apart };

// What the backward pass of a block needs of its forward pass.
struct BlockTape {
  ops::Norm::Tape attention_norm, ffn_norm;
  ops::Norm::Tape query_norm, key_norm;  // of the families that have them
  AttentionTape attention;
  at::Tensor inside;  // [T, F] what the activation reads, or [T, 2F] gate and up
  // Of a run with a GradientSink: what queries, keys and values read [T, E], what the output matrix does [T or A, H·D], and what the
  // feed-forward network does [T or A, E].
  at::Tensor attention_read, outputs, ffn_read;
};

// Gates of a layer's neurons, of rows that are `parts` [M, F] equal parts one behind the other, `rows` each, and padding. Undefined:
// all 1.
struct NeuronGates {
  at::Tensor parts;
  std::int64_t rows = 0;
};

// Returns x times a layer scale [E], x itself where the family has none (undefined).
inline at::Tensor times_scale(const at::Tensor& x, const at::Tensor& scale) { return scale.defined() ? x * scale : x; }

// Returns x times a projection of the residual stream [E, E], x itself where there is none (undefined).
inline at::Tensor times_projection(const at::Tensor& x, const at::Tensor& projection) {
  return projection.defined() ? at::mm(x, projection) : x;
}

// One Transformer block: attention, then the feed-forward network, each with its norm and residual connection. What a family has of it
// (order of norms, biases, gating, rotary positions, layer scale, norms of queries and keys) is in the description of the model.
// T rows are padded. In the last layer only the rows that the task head reads (BatchRows::asked, A of them) leave the block.
class Block {
 public:
  Block(const model::ModelSpec& spec, int layer, const WeightSource& weights);

  // Returns the outputs A_h of `heads`, all that the layer has (joint) or at least one of them (apart), from the state before the
  // layer [T, E]: [T or A, H·D]. `tape`: null where no backward pass follows.
  at::Tensor heads(const model::SiteLayout& heads, const at::Tensor& hidden, RunContext& run, HeadProducts products,
                   BlockTape* tape) const;
  // Returns the state after the layer [T or A, E], from the state before it and the outputs of `heads` (undefined: there are none).
  // `only_tape`: the state is not needed, and may be undefined.
  at::Tensor finish(const model::SiteLayout& heads, const at::Tensor& hidden, const at::Tensor& outputs, const RunContext& run,
                    const NeuronGates& neurons, BlockTape* tape, bool only_tape = false) const;
  // Returns the state after the layer with all its heads.
  at::Tensor forward(const at::Tensor& hidden, RunContext& run, BlockTape* tape, bool only_tape = false) const;

  // The steps of finish(), for whoever fits the output matrices anew; for runs in which all rows leave the layer. The residual stream
  // right after attention's addition [T, E], which a post-norm block then normalises:
  at::Tensor add_attention(const model::SiteLayout& heads, const at::Tensor& hidden, const at::Tensor& outputs) const;
  // What the feed-forward network's addition reads: the stream that its result is added to, and its activations.
  struct FfnInputs {
    at::Tensor residual;  // [T, E]
    at::Tensor active;    // [T, F]
  };
  FfnInputs ffn_inputs(const at::Tensor& attention_sum) const;
  // The stream after that addition, and the state after the layer from that.
  at::Tensor add_ffn(const FfnInputs& inputs) const;
  at::Tensor leave(const at::Tensor& ffn_sum) const;
  const ops::Linear& attention_output() const noexcept { return output_; }
  const ops::Linear& ffn_output() const noexcept { return down_; }
  // Layer scales [E]; undefined where the family has none.
  const at::Tensor& attention_scale() const noexcept { return attention_scale_; }
  const at::Tensor& ffn_scale() const noexcept { return ffn_scale_; }

  // Returns the gradient by the state before the layer from that by the state after it, and records inner products. `lowest`: nothing
  // below needs a gradient, so only inner products are recorded.
  at::Tensor backward(const at::Tensor& gradient, RunContext& run, const BlockTape& tape, bool lowest) const;

 private:
  bool pre_norm() const noexcept { return spec_.norm_order == model::NormOrder::pre; }
  bool some_rows(const RunContext& run) const noexcept { return last_ && !run.rows().asks_all; }
  at::Tensor project(const Projection& projection, const std::vector<int>& present, const std::vector<int>& wanted,
                     const at::Tensor& rows, HeadProducts products) const;
  at::Tensor queries(const model::SiteLayout& heads, const at::Tensor& projected, QueryRows rows, RunContext& run,
                     BlockTape* tape) const;
  at::Tensor keys_values(const model::SiteLayout& heads, const at::Tensor& projected, RunContext& run, BlockTape* tape) const;
  at::Tensor active(at::Tensor inside, bool keep_inside) const;
  at::Tensor feed_forward(at::Tensor inside, const NeuronGates& neurons, BlockTape* tape) const;
  at::Tensor ffn_gradient(const at::Tensor& of_result, RunContext& run, const BlockTape& tape) const;
  // Give the sink of the run what it takes of the layer's matrices.
  void give_attention(const at::Tensor& of_result, const AttentionGradient& rows, RunContext& run, const BlockTape& tape) const;
  void give_ffn(const at::Tensor& of_result, const at::Tensor& of_inside, RunContext& run, const BlockTape& tape) const;
  // Returns the gradient by what attention read, with the residual's where it belongs.
  at::Tensor attention_gradient(const AttentionGradient& rows, const at::Tensor& of_sum, RunContext& run,
                                const BlockTape& tape) const;
  at::Tensor query_gradient(const at::Tensor& of_query, RunContext& run, const BlockTape& tape) const;
  at::Tensor key_value_gradient(const at::Tensor& of_key_value, RunContext& run, const BlockTape& tape) const;

  const model::ModelSpec& spec_;
  const model::AttentionSpec& attention_;
  const model::FfnSpec& ffn_;
  const model::SiteLayout& all_;
  int layer_;
  bool last_ = false;
  bool fused_ = false;  // queries, keys and values are one product
  ops::Norm attention_norm_, ffn_norm_, query_norm_, key_norm_;
  Projection fused_projection_, query_, key_value_;
  ops::Linear output_, up_, down_;                    // up_ of a gated network: [2F, E], the gate's rows first
  at::Tensor attention_scale_, ffn_scale_;            // [E], or undefined
  at::Tensor attention_projection_, ffn_projection_;  // [E, E] of the residual stream, or undefined
};

}  // namespace hies::nn
