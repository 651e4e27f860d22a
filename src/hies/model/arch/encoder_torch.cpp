#include "hies/model/arch/encoder_torch.h"

namespace hies::model {

EncoderNetwork::Projection::Projection(const std::vector<Linear>& matrices, const LayerHeads& heads) {
  const auto by_head = [matrices, heads](const auto& tensor_of, at::IntArrayRef shape) {
    std::vector<at::Tensor> tensors;
    for (const Linear& matrix : matrices) tensors.push_back(tensor_of(matrix).view(shape));
    return at::cat(tensors, 1);  // [H, n·D, …]
  };
  const auto weight = [by_head, heads] {
    return by_head([](const Linear& matrix) { return matrix.weight(); }, {heads.count(), heads.head_dim, -1});
  };
  const at::Tensor bias = by_head([](const Linear& matrix) { return matrix.bias(); }, {heads.count(), heads.head_dim});
  const auto set_aside = [matrices] {
    for (const Linear& matrix : matrices) matrix.set_aside();
  };
  joint = Linear([weight] { return weight().flatten(0, 1); }, bias.flatten(), set_aside);
  for (int head = 0; head < heads.count(); ++head)
    parts.emplace_back([weight, head] { return weight()[head].clone(); }, bias[head], set_aside);
}

EncoderNetwork::EncoderNetwork(const ModelSpec& spec, const EncoderNames& n, const Weights& weights)
    : spec_(spec), word_(weights.table(n.word)), position_(weights.table(n.position)) {
  if (!n.token_type.empty()) token_type_ = weights.table(n.token_type);
  embedding_norm_ = weights.norm(n.embedding_norm, spec.norm_epsilon);
  for (int i = 0; i < spec.layer_count(); ++i) {
    const auto linear = [&](const std::string& part) { return weights.linear(n.in_layer(i, part)); };
    Layer layer;
    layer.last = i + 1 == spec.layer_count();
    if (const LayerHeads& heads = spec.layers[static_cast<std::size_t>(i)]; heads.count() > 0) {
      if (layer.last) {
        layer.query = Projection({linear(n.query)}, heads);
        layer.rest = Projection({linear(n.key), linear(n.value)}, heads);
      } else {
        layer.rest = Projection({linear(n.query), linear(n.key), linear(n.value)}, heads);
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

at::Tensor EncoderNetwork::embed(const Batch& batch) const {
  const auto rows = static_cast<std::size_t>(padded_tokens(batch.token_count()));
  std::vector<std::int32_t> tokens = batch.tokens, types = batch.token_types, positions;
  for (std::int64_t b = 0; b < batch.size(); ++b)
    for (std::int64_t t = 0; t < batch.length(b); ++t) positions.push_back(static_cast<std::int32_t>(t + spec_.position_offset));
  for (auto* indices : {&tokens, &types, &positions}) indices->resize(rows);
  at::Tensor sum = word_.rows(index_tensor(tokens));
  sum += position_.rows(index_tensor(positions));
  // A family whose type table has one row (RoBERTa) adds that row to every token, whatever the tokenizer says.
  if (spec_.token_types == 1) types = {0};
  if (token_type_.stored.defined()) sum += token_type_.rows(index_tensor(types));
  return embedding_norm_(sum);
}

// One product for each head, side by side in one tensor.
at::Tensor EncoderNetwork::Projection::some(const LayerHeads& all, const LayerHeads& heads, const at::Tensor& rows) const {
  const std::int64_t width = parts.front().weight().size(0);
  at::Tensor joined = at::empty({rows.size(0), heads.count() * width}, rows.options());
  for (int i = 0; i < heads.count(); ++i) {
    const int position = all.position_of(heads.heads[static_cast<std::size_t>(i)]);
    joined.narrow(1, i * width, width).copy_(parts[static_cast<std::size_t>(position)](rows));
  }
  return joined;
}

// In the last layer only each sequence's first token asks, because the task head reads no other; the other tokens' queries exist
// only for the entropy and the norms that the probe wants.
at::Tensor EncoderNetwork::heads(int index, const LayerHeads& heads, const at::Tensor& hidden, AttentionRun& run,
                                 HeadProducts products) const {
  const Layer& layer = layers_[static_cast<std::size_t>(index)];
  const LayerHeads& all = spec_.layers[static_cast<std::size_t>(index)];
  const std::int64_t D = heads.head_dim;
  const auto project = [&](const Projection& projection, const at::Tensor& rows) {
    return products == HeadProducts::joint ? projection.joint(rows) : projection.some(all, heads, rows);
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
  return run.attend(index, heads, with_queries(hidden.index_select(0, run.first_rows())), QueryRows::first);
}

// The output projection of `heads` alone.
at::Tensor EncoderNetwork::output(int index, const LayerHeads& heads, const at::Tensor& hidden, const at::Tensor& outputs) const {
  const Linear& whole = layers_[static_cast<std::size_t>(index)].output;
  const LayerHeads& all = spec_.layers[static_cast<std::size_t>(index)];
  if (heads.count() == 0) return whole.bias().repeat({hidden.size(0), 1});
  if (heads.count() == all.count()) return whole(outputs);
  const auto columns = [&] {
    const at::Tensor weight = whole.weight();
    std::vector<at::Tensor> kept;
    for (const int head : heads.heads) kept.push_back(weight.narrow(1, all.position_of(head) * heads.head_dim, heads.head_dim));
    return at::cat(kept, 1);
  };
  return Linear(columns, whole.bias())(outputs);
}

at::Tensor EncoderNetwork::finish(int index, const LayerHeads& heads, const at::Tensor& hidden, const at::Tensor& outputs,
                                  const AttentionRun& run) const {
  const Layer& layer = layers_[static_cast<std::size_t>(index)];
  const at::Tensor residual = layer.last ? hidden.index_select(0, run.first_rows()) : hidden;
  const at::Tensor attended = layer.attention_norm(output(index, heads, residual, outputs).add_(residual));
  return layer.output_norm(layer.down(activate(spec_.activation, layer.up(attended))).add_(attended));
}

}  // namespace hies::model
