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
    if (spec.heads(i).count() > 0)
      layer.heads = EncoderHeads(spec.heads(i), layer.last, linear(n.query), linear(n.key), linear(n.value));
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

at::Tensor EncoderNetwork::heads(int index, const LayerHeads& heads, const at::Tensor& hidden, AttentionRun& run,
                                 HeadProducts products) const {
  return layers_[static_cast<std::size_t>(index)].heads(index, heads, hidden, run, products);
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
