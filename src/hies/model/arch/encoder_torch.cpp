#include "hies/model/arch/encoder_torch.h"

namespace hies::model {

EncoderNetwork::EncoderNetwork(const ModelSpec& spec, const EncoderNames& n, const Weights& weights)
    : spec_(spec), word_(weights.table(n.word)), position_(weights.table(n.position)) {
  if (!n.token_type.empty()) token_type_ = weights.table(n.token_type);
  embedding_norm_ = weights.norm(n.embedding_norm, spec.norm_epsilon);
  for (int i = 0; i < spec.layer_count(); ++i) {
    const auto linear = [&](const std::string& part) { return weights.linear(n.in_layer(i, part)); };
    Layer layer;
    layer.last = i + 1 == spec.layer_count();
    if (const LayerHeads& heads = spec.heads(i); heads.count() > 0) {
      if (layer.last) {
        layer.query = Projection({linear(n.query)}, heads.count(), heads.head_dim);
        layer.rest = Projection({linear(n.key), linear(n.value)}, heads.count(), heads.head_dim);
      } else {
        layer.rest = Projection({linear(n.query), linear(n.key), linear(n.value)}, heads.count(), heads.head_dim);
      }
    }
    layer.output = linear(n.output);
    layer.up = linear(n.up);
    layer.down = linear(n.down);
    layer.attention_norm = weights.norm(n.in_layer(i, n.attention_norm), spec.norm_epsilon);
    layer.output_norm = weights.norm(n.in_layer(i, n.output_norm), spec.norm_epsilon);
    layers_.push_back(std::move(layer));
  }
}

at::Tensor EncoderNetwork::embed(const Batch& batch, const BatchRows& rows) const {
  std::vector<std::int32_t> tokens = batch.tokens, types = batch.token_types, positions = rows.positions;
  for (auto* indices : {&tokens, &types}) indices->resize(positions.size());
  for (std::int32_t& position : positions) position += spec_.position_offset;
  at::Tensor sum = word_.rows(index_tensor(tokens));
  sum += position_.rows(index_tensor(positions));
  // A family whose type table has one row (RoBERTa) adds that row to every token, whatever the tokenizer says.
  if (spec_.token_types == 1) types = {0};
  if (token_type_.stored.defined()) sum += token_type_.rows(index_tensor(types));
  return embedding_norm_(sum);
}

// In the last layer only each sequence's first token asks, because the task head reads no other; the other tokens' queries exist
// only for the entropy and the norms that the probe wants.
at::Tensor EncoderNetwork::heads(int index, const LayerHeads& heads, const at::Tensor& hidden, AttentionRun& run,
                                 HeadProducts products) const {
  const Layer& layer = layers_[static_cast<std::size_t>(index)];
  const LayerHeads& all = spec_.heads(index);
  const std::int64_t D = heads.head_dim;
  const auto project = [&](const Projection& projection, const at::Tensor& rows) {
    return products == HeadProducts::joint ? projection.all(rows) : projection.some(positions_in(all.heads, heads.heads), rows);
  };
  const at::Tensor rest = project(layer.rest, hidden);
  if (!layer.last) return run.attend(index, heads, {{rest, 0, 3 * D}, {rest, D, 3 * D}, {rest, 2 * D, 3 * D}}, QueryRows::all);
  const auto with_queries = [&](const at::Tensor& rows) -> Projected {
    return {{project(layer.query, rows), 0, D}, {rest, 0, 2 * D}, {rest, D, 2 * D}};
  };
  if (run.wants_all_queries()) {
    const at::NoGradGuard frozen;
    run.observe(index, with_queries(hidden));
  }
  return run.attend(index, heads, with_queries(hidden.index_select(0, run.rows().asked)), QueryRows::asked);
}

at::Tensor EncoderNetwork::finish(int index, const LayerHeads& heads, const at::Tensor& hidden, const at::Tensor& outputs,
                                  const AttentionRun& run) const {
  const Layer& layer = layers_[static_cast<std::size_t>(index)];
  const at::Tensor residual = layer.last ? hidden.index_select(0, run.rows().asked) : hidden;
  const at::Tensor attended =
      layer.attention_norm(project_outputs(layer.output, spec_.heads(index), heads, outputs, residual.size(0)).add_(residual));
  return layer.output_norm(layer.down(activate(spec_.activation, layer.up(attended))).add_(attended));
}

}  // namespace hies::model
