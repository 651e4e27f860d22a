#include "hies/model/arch/decoder_torch.h"

#include "hies/model/arch/gated_torch.h"

namespace hies::model {
namespace {

// Query, key and value matrices of a layer, each alone, whether they are stored so or side by side.
std::vector<Linear> split_projections(const ModelSpec& spec, int layer, const DecoderNames& n, const Weights& weights) {
  if (n.query != n.key)
    return {weights.linear(n.in_layer(layer, n.query)), weights.linear(n.in_layer(layer, n.key)),
            weights.linear(n.in_layer(layer, n.value))};
  const LayerHeads& heads = spec.heads(layer);
  const std::int64_t width = std::int64_t{heads.count()} * heads.head_dim;
  std::vector<Linear> parts;
  for (std::int64_t i = 0; i < 3; ++i) parts.push_back(weights.transposed(n.in_layer(layer, n.query), i * width, width));
  return parts;
}

// One product instead of two.
Linear joined(const Linear& gate, const Linear& up) {
  const auto set_aside = [gate, up] {
    gate.set_aside();
    up.set_aside();
  };
  return {[gate, up] {
            return at::cat({gate.weight(), up.weight()});
          },
          gate.bias().defined() ? at::cat({gate.bias(), up.bias()}) : at::Tensor(), set_aside, gate.keep()};
}

}  // namespace

DecoderNetwork::AnyNorm DecoderNetwork::norm(const Weights& weights, const DecoderNames& n, const std::string& name,
                                             double epsilon) {
  if (n.gate.empty()) return weights.norm(name, epsilon);
  return weights.rms_norm(name, epsilon);
}

at::Tensor DecoderNetwork::apply(const AnyNorm& norm, const at::Tensor& x) {
  return std::visit([&x](const auto& any) { return any(x); }, norm);
}

DecoderNetwork::Layer DecoderNetwork::make_layer(int index, const DecoderNames& n, const Weights& weights) const {
  const LayerHeads& heads = spec_.heads(index);
  // GPT-2 stores all its matrices as [in, out].
  const auto linear = [&](const std::string& part, std::int64_t outputs) {
    const std::string name = n.in_layer(index, part);
    return gated_ ? weights.linear(name) : weights.transposed(name, 0, outputs);
  };
  Layer layer;
  layer.last = index + 1 == spec_.layer_count();
  if (heads.count() > 0) {
    const std::vector<Linear> parts = split_projections(spec_, index, n, weights);
    layer.query = Projection({parts[0]}, heads.count(), heads.head_dim);
    layer.key_value = Projection({parts[1], parts[2]}, heads.kv_count(), heads.head_dim);
  }
  if (spec_.decoder.qk_norm) {
    layer.query_norm = weights.rms_norm(n.in_layer(index, n.query_norm), spec_.norm_epsilon);
    layer.key_norm = weights.rms_norm(n.in_layer(index, n.key_norm), spec_.norm_epsilon);
  }
  layer.output = linear(n.output, spec_.hidden);
  layer.attention_norm = norm(weights, n, n.in_layer(index, n.attention_norm), spec_.norm_epsilon);
  layer.mlp_norm = norm(weights, n, n.in_layer(index, n.mlp_norm), spec_.norm_epsilon);
  layer.up =
      gated_ ? joined(linear(n.gate, spec_.intermediate), linear(n.up, spec_.intermediate)) : linear(n.up, spec_.intermediate);
  layer.down = linear(n.down, spec_.hidden);
  return layer;
}

DecoderNetwork::DecoderNetwork(const ModelSpec& spec, const DecoderNames& n, const Weights& weights)
    : spec_(spec),
      gated_(!n.gate.empty()),
      predicts_tokens_(spec.problem == Problem::causal_lm),
      word_(weights.table(n.word)),
      final_norm_(norm(weights, n, n.final_norm, spec.norm_epsilon)) {
  if (!n.position.empty()) position_ = weights.table(n.position);
  for (int i = 0; i < spec.layer_count(); ++i) layers_.push_back(make_layer(i, n, weights));
  if (!predicts_tokens_) head_ = weights.matrix("score.weight");
  else head_ = weights.matrix(spec.decoder.tied ? n.word + ".weight" : "lm_head.weight");
}

at::Tensor DecoderNetwork::embed(const Batch& batch, const BatchRows& rows) const {
  std::vector<std::int32_t> tokens = batch.tokens;
  tokens.resize(rows.positions.size());
  at::Tensor hidden = word_.rows(index_tensor(tokens));
  if (position_.stored.defined()) hidden += position_.rows(index_tensor(rows.positions));
  return hidden;
}

at::Tensor DecoderNetwork::queries(const Layer& layer, const LayerHeads& heads, const at::Tensor& projected, QueryRows rows,
                                   AttentionRun& run) const {
  const std::int64_t D = heads.head_dim;
  const at::Tensor normalised =
      layer.query_norm ? (*layer.query_norm)(projected.unflatten(1, {heads.count(), D})).flatten(1) : projected;
  return run.rotated(normalised, rows, D, heads.count(), D);
}

// [T, K·2D]: the key and the value of one head after the other.
at::Tensor DecoderNetwork::keys_values(const Layer& layer, const LayerHeads& heads, const at::Tensor& projected,
                                       AttentionRun& run) const {
  const std::int64_t D = heads.head_dim, K = heads.kv_count();
  at::Tensor both = projected;
  if (layer.key_norm) {
    const at::Tensor parts = projected.unflatten(1, {K, 2, D});
    both = at::stack({(*layer.key_norm)(parts.select(2, 0)), parts.select(2, 1)}, 2).flatten(1);
  }
  return run.rotated(both, QueryRows::all, D, K, 2 * D);
}

// In the last layer only the rows that the result depends on ask. Other tokens' queries exist only for the entropy and the norms
// that the probe wants.
at::Tensor DecoderNetwork::heads(int index, const LayerHeads& heads, const at::Tensor& hidden, AttentionRun& run,
                                 HeadProducts products) const {
  const Layer& layer = layers_[static_cast<std::size_t>(index)];
  const LayerHeads& all = spec_.heads(index);
  const std::int64_t D = heads.head_dim;
  const bool joint = products == HeadProducts::joint;
  const at::Tensor normalised = apply(layer.attention_norm, hidden);
  const at::Tensor both =
      joint ? layer.key_value.all(normalised) : layer.key_value.some(positions_in(all.kv_heads, heads.kv_heads), normalised);
  const at::Tensor key_value = keys_values(layer, heads, both, run);
  const auto with_queries = [&](const at::Tensor& from, QueryRows rows) -> Projected {
    const at::Tensor projected = joint ? layer.query.all(from) : layer.query.some(positions_in(all.heads, heads.heads), from);
    return {{queries(layer, heads, projected, rows, run), 0, D}, {key_value, 0, 2 * D}, {key_value, D, 2 * D}};
  };
  if (!layer.last || run.rows().asks_all)
    return run.attend(index, heads, with_queries(normalised, QueryRows::all), QueryRows::all);
  if (run.wants_all_queries()) {
    const at::NoGradGuard frozen;
    run.observe(index, with_queries(normalised, QueryRows::all));
  }
  return run.attend(index, heads, with_queries(normalised.index_select(0, run.rows().asked), QueryRows::asked), QueryRows::asked);
}

at::Tensor DecoderNetwork::finish(int index, const LayerHeads& heads, const at::Tensor& hidden, const at::Tensor& outputs,
                                  const AttentionRun& run) const {
  const Layer& layer = layers_[static_cast<std::size_t>(index)];
  const bool some_rows = layer.last && !run.rows().asks_all;
  const at::Tensor residual = some_rows ? hidden.index_select(0, run.rows().asked) : hidden;
  const at::Tensor added = project_outputs(layer.output, spec_.heads(index), heads, outputs, residual.size(0));
  const at::Tensor attended = added.defined() ? added + residual : residual;
  const at::Tensor inner = layer.up(apply(layer.mlp_norm, attended));
  return layer.down(gated_ ? gated_activation(spec_.activation, inner) : activate(spec_.activation, inner)).add_(attended);
}

at::Tensor DecoderNetwork::task_head(const at::Tensor& hidden, const BatchRows&) const {
  const at::Tensor states = apply(final_norm_, hidden);
  return predicts_tokens_ ? states : head_(states);
}

}  // namespace hies::model
