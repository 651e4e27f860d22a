#include "hies/model/arch/encoder_torch.h"

namespace hies::model {

EncoderNetwork::EncoderNetwork(const ModelSpec& spec, const EncoderNames& n, const Weights& weights)
    : spec_(spec), word_(weights.get(n.word + ".weight")), position_(weights.get(n.position + ".weight")) {
  if (!n.token_type.empty()) token_type_ = weights.get(n.token_type + ".weight");
  embedding_norm_ = weights.norm(n.embedding_norm, spec.norm_epsilon);
  for (int i = 0; i < spec.layer_count(); ++i) {
    const auto linear = [&](const std::string& part) { return weights.linear(n.in_layer(i, part)); };
    layers_.push_back({i, i + 1 == spec.layer_count(), linear(n.query), linear(n.key), linear(n.value), linear(n.output),
                       linear(n.up), linear(n.down), weights.norm(n.in_layer(i, n.attention_norm), spec.norm_epsilon),
                       weights.norm(n.in_layer(i, n.output_norm), spec.norm_epsilon)});
  }
}

at::Tensor EncoderNetwork::embed(const Batch& batch) const {
  std::vector<std::int32_t> positions;
  positions.reserve(batch.tokens.size());
  for (std::int64_t b = 0; b < batch.size(); ++b)
    for (std::int64_t t = 0; t < batch.length(b); ++t) positions.push_back(static_cast<std::int32_t>(t + spec_.position_offset));
  at::Tensor sum = word_.index_select(0, index_tensor(batch.tokens)) + position_.index_select(0, index_tensor(positions));
  // A family whose type table has one row (RoBERTa) adds that row to every token, whatever the tokenizer says.
  if (token_type_.defined()) {
    sum += spec_.token_types == 1 ? token_type_[0] : token_type_.index_select(0, index_tensor(batch.token_types));
  }
  return embedding_norm_(sum);
}

// The attention block up to the output projection. In the last layer only each sequence's first token asks, because the
// task head reads no other; the other tokens' queries exist only for the entropy and the norms that the probe wants.
at::Tensor EncoderNetwork::attention(const Layer& layer, const at::Tensor& hidden, const at::Tensor& first_rows,
                                     AttentionRun& run) const {
  if (spec_.layers[static_cast<std::size_t>(layer.index)].count() == 0)
    return layer.output.bias.expand({layer.last ? first_rows.size(0) : hidden.size(0), spec_.hidden});
  const at::Tensor key = layer.key(hidden);
  const at::Tensor value = layer.value(hidden);
  if (!layer.last) return layer.output(run.attend(layer.index, layer.query(hidden), key, value, QueryRows::all));
  if (run.wants_all_queries()) {
    const at::NoGradGuard frozen;
    run.observe(layer.index, layer.query(hidden), key, value);
  }
  return layer.output(run.attend(layer.index, layer.query(hidden.index_select(0, first_rows)), key, value, QueryRows::first));
}

at::Tensor EncoderNetwork::run_layer(const Layer& layer, const at::Tensor& hidden, const at::Tensor& first_rows,
                                     AttentionRun& run) const {
  const at::Tensor residual = layer.last ? hidden.index_select(0, first_rows) : hidden;
  const at::Tensor attended = layer.attention_norm(attention(layer, hidden, first_rows, run) + residual);
  const at::Tensor fed = layer.down(activate(spec_.activation, layer.up(attended)));
  return layer.output_norm(fed + attended);
}

at::Tensor EncoderNetwork::forward(const Batch& batch, AttentionRun& run) const {
  const at::Tensor first_rows = index_tensor(std::span(batch.offsets).first(static_cast<std::size_t>(batch.size())));
  at::Tensor hidden = embed(batch);
  for (const Layer& layer : layers_) hidden = run_layer(layer, hidden, first_rows, run);
  return task_head(hidden);
}

}  // namespace hies::model
