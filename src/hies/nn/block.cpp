#include "hies/nn/block.h"

#include "hies/base/error.h"
#include "hies/model/tensors.h"
#include "hies/ops/activation.h"

namespace hies::nn {

using model::SiteLayout;

Block::Block(const model::ModelSpec& spec, int layer, const WeightSource& weights)
    : spec_(spec),
      attention_(spec.layer(layer).attention),
      ffn_(spec.layer(layer).ffn),
      all_(spec.layout.attention(layer)),
      layer_(layer) {
  const model::AttentionSpec& attention = attention_;
  last_ = layer + 1 == spec.layer_count();
  const bool reads_all = spec.head.pooling == model::Pooling::first_and_mean;
  fused_ = !spec.causal && (!last_ || reads_all);
  if (all_.count() > 0) {
    const ops::Linear query = weights.linear(attention.query), key = weights.linear(attention.key),
                      value = weights.linear(attention.value);
    if (fused_) {
      fused_projection_ = Projection({query, key, value}, all_.count(), all_.unit_size);
    } else {
      query_ = Projection({query}, all_.count(), all_.unit_size);
      key_value_ = Projection({key, value}, all_.kv_count(), all_.unit_size);
    }
  }
  if (attention.query_norm) query_norm_ = weights.norm(*attention.query_norm);
  if (attention.key_norm) key_norm_ = weights.norm(*attention.key_norm);
  output_ = weights.linear(attention.output);
  attention_norm_ = weights.norm(attention.norm);
  ffn_norm_ = weights.norm(ffn_.norm);
  up_ = ffn_.gate ? weights.joined(*ffn_.gate, ffn_.up) : weights.linear(ffn_.up);
  down_ = weights.linear(ffn_.down);
  if (!attention.scale.empty()) attention_scale_ = weights.tensor(attention.scale);
  if (!ffn_.scale.empty()) ffn_scale_ = weights.tensor(ffn_.scale);
  attention_projection_ = weights.projection(model::stream_projection(model::attention_site(layer)));
  ffn_projection_ = weights.projection(model::stream_projection(model::ffn_site(layer)));
}

at::Tensor Block::project(const Projection& projection, const std::vector<int>& present, const std::vector<int>& wanted,
                          const at::Tensor& rows, HeadProducts products) const {
  return products == HeadProducts::joint ? projection.all(rows) : projection.some(positions_in(present, wanted), rows);
}

at::Tensor Block::queries(const SiteLayout& heads, const at::Tensor& projected, QueryRows rows, RunContext& run,
                          BlockTape* tape) const {
  const std::int64_t D = heads.unit_size;
  at::Tensor query = projected;
  if (query_norm_.weight.defined())
    query = query_norm_.forward(projected.unflatten(1, {heads.count(), D}), {}, tape == nullptr ? nullptr : &tape->query_norm)
                .flatten(1);
  return run.rotated(query, rows, D, heads.count(), D);
}

// Keys and values stand as [T, K·2D]: the key and the value of one head after the other.
at::Tensor Block::keys_values(const SiteLayout& heads, const at::Tensor& projected, RunContext& run, BlockTape* tape) const {
  const std::int64_t D = heads.unit_size, K = heads.kv_count();
  at::Tensor both = projected;
  if (key_norm_.weight.defined()) {
    const at::Tensor parts = projected.unflatten(1, {K, 2, D});
    const at::Tensor keys = key_norm_.forward(parts.select(2, 0), {}, tape == nullptr ? nullptr : &tape->key_norm);
    both = at::stack({keys, parts.select(2, 1)}, 2).flatten(1);
  }
  return run.rotated(both, QueryRows::all, D, K, 2 * D);
}

// In the last layer only the rows that the result depends on have queries; those of other tokens exist only for the entropy and the
// norms that the recorder wants.
at::Tensor Block::heads(const SiteLayout& heads, const at::Tensor& hidden, RunContext& run, HeadProducts products,
                        BlockTape* tape) const {
  const std::int64_t D = heads.unit_size;
  AttentionTape* attention = tape == nullptr ? nullptr : &tape->attention;
  const at::Tensor read =
      pre_norm() ? attention_norm_.forward(hidden, {}, tape == nullptr ? nullptr : &tape->attention_norm) : hidden;
  if (tape != nullptr && run.gradients() != nullptr) tape->attention_read = read;
  if (fused_) {
    const at::Tensor rows = project(fused_projection_, all_.units, heads.units, read, products);
    return attention_forward(run, layer_, heads, {{rows, 0, 3 * D}, {rows, D, 3 * D}, {rows, 2 * D, 3 * D}}, QueryRows::all,
                             attention);
  }
  const at::Tensor key_value = keys_values(heads, project(key_value_, all_.kv_heads, heads.kv_heads, read, products), run, tape);
  const auto with_queries = [&](const at::Tensor& from, QueryRows rows, BlockTape* query_tape) -> ops::Projected {
    const at::Tensor query = queries(heads, project(query_, all_.units, heads.units, from, products), rows, run, query_tape);
    return {{query, 0, D}, {key_value, 0, 2 * D}, {key_value, D, 2 * D}};
  };
  if (!some_rows(run))
    return attention_forward(run, layer_, heads, with_queries(read, QueryRows::all, tape), QueryRows::all, attention);
  if (run.wants_all_queries()) observe_attention(run, layer_, with_queries(read, QueryRows::all, nullptr));
  return attention_forward(run, layer_, heads, with_queries(read.index_select(0, run.rows().asked), QueryRows::asked, tape),
                           QueryRows::asked, attention);
}

// Returns the activations [T, F] of what the first matrix gave, in its memory where that may be and need not be kept.
at::Tensor Block::active(at::Tensor inside, bool keep_inside) const {
  if (ffn_.gate) return ops::gated_activation(ffn_.activation, inside);
  return keep_inside ? ops::activation(ffn_.activation, inside) : ops::activation_(ffn_.activation, std::move(inside));
}

// Returns the result of the feed-forward network from what its activation reads.
at::Tensor Block::feed_forward(at::Tensor inside, const NeuronGates& neurons, BlockTape* tape) const {
  if (tape != nullptr) tape->inside = inside;
  const at::Tensor active = this->active(std::move(inside), tape != nullptr);
  if (neurons.parts.defined()) {
    const std::int64_t parts = neurons.parts.size(0), rows = neurons.rows;
    active.narrow(0, 0, parts * rows).view({parts, rows, active.size(1)}).mul_(neurons.parts.unsqueeze(1));
  }
  return times_scale(down_(active), ffn_scale_);
}

at::Tensor Block::finish(const SiteLayout& heads, const at::Tensor& hidden, const at::Tensor& outputs, const RunContext& run,
                         const NeuronGates& neurons, BlockTape* tape, bool only_tape) const {
  check(tape == nullptr || !attention_projection_.defined(), "a backward pass through projections of the stream");
  const at::Tensor residual = some_rows(run) ? hidden.index_select(0, run.rows().asked) : hidden;
  at::Tensor sum = project_outputs(output_, all_, heads, outputs, residual.size(0));
  if (sum.defined()) sum = times_scale(sum, attention_scale_);
  ops::Norm::Tape *attention_norm = tape == nullptr ? nullptr : &tape->attention_norm,
                  *ffn_norm = tape == nullptr ? nullptr : &tape->ffn_norm;
  const bool gives = tape != nullptr && run.gradients() != nullptr;
  if (gives) tape->outputs = outputs;
  // A norm leaves the sum of its operands in the first, which must not be the residual itself.
  const auto normalised = [&](const ops::Norm& norm, ops::Norm::Tape* norm_tape) {
    if (attention_projection_.defined()) {
      sum = at::mm(sum.defined() ? sum + residual : residual, attention_projection_);
      return norm.forward(sum, {}, norm_tape);
    }
    if (sum.defined()) return norm.forward(sum, residual, norm_tape);
    sum = residual;
    return norm.forward(sum, {}, norm_tape);
  };
  if (pre_norm()) {
    const at::Tensor read = normalised(ffn_norm_, ffn_norm);
    const at::Tensor inside = up_(read);
    if (gives) tape->ffn_read = read;
    if (only_tape) {
      tape->inside = inside;
      return {};
    }
    return times_projection(feed_forward(inside, neurons, tape).add_(sum), ffn_projection_);
  }
  const at::Tensor attended = normalised(attention_norm_, attention_norm);
  // The norm below leaves its sum in the network's result, so that `attended` stays.
  if (gives) tape->ffn_read = attended;
  const at::Tensor result = feed_forward(up_(attended), neurons, tape);
  if (ffn_projection_.defined()) return ffn_norm_.forward(at::mm(result + attended, ffn_projection_), {}, ffn_norm);
  return ffn_norm_.forward(result, attended, ffn_norm);
}

at::Tensor Block::forward(const at::Tensor& hidden, RunContext& run, BlockTape* tape, bool only_tape) const {
  const at::Tensor outputs = all_.count() == 0 ? at::Tensor() : heads(all_, hidden, run, HeadProducts::joint, tape);
  const NeuronGates neurons{run.neuron_gates(layer_, hidden.scalar_type()),
                            some_rows(run) ? run.rows().asked.size(0) : hidden.size(0)};
  return finish(all_, hidden, outputs, run, neurons, tape, only_tape);
}

at::Tensor Block::add_attention(const SiteLayout& heads, const at::Tensor& hidden, const at::Tensor& outputs) const {
  const at::Tensor result = project_outputs(output_, all_, heads, outputs, hidden.size(0));
  return times_projection(result.defined() ? times_scale(result, attention_scale_) + hidden : hidden, attention_projection_);
}

Block::FfnInputs Block::ffn_inputs(const at::Tensor& attention_sum) const {
  if (pre_norm()) return {attention_sum, active(up_(ffn_norm_.forward(attention_sum)), false)};
  const at::Tensor attended = attention_norm_.forward(attention_sum);
  return {attended, active(up_(attended), false)};
}

at::Tensor Block::add_ffn(const FfnInputs& inputs) const {
  return times_projection(times_scale(down_(inputs.active), ffn_scale_) + inputs.residual, ffn_projection_);
}

at::Tensor Block::leave(const at::Tensor& ffn_sum) const { return pre_norm() ? ffn_sum : ffn_norm_.forward(ffn_sum); }

}  // namespace hies::nn
