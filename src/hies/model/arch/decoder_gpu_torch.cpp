#include "hies/model/arch/decoder_torch.h"

// The layers of a decoder without a graph: see Network::tapes.
namespace hies::model {
namespace {

GpuNorm on_gpu(const std::variant<RmsNorm, Norm>& norm) {
  return std::visit([](const auto& any) { return any.on_gpu(); }, norm);
}

}  // namespace

bool DecoderNetwork::tapes() const { return !spec_.decoder.qk_norm; }

at::Tensor DecoderNetwork::forward_taped(int index, const at::Tensor& hidden, AttentionRun& run, LayerTape& tape,
                                         bool only_tape) const {
  const Layer& layer = layers_[static_cast<std::size_t>(index)];
  const LayerHeads& heads = spec_.heads(index);
  const std::int64_t D = heads.head_dim;
  const at::Tensor normalised = on_gpu(layer.attention_norm).forward(hidden);
  const at::Tensor query = queries(layer, heads, layer.query.all(normalised), QueryRows::all, run);
  const at::Tensor key_value = keys_values(layer, heads, layer.key_value.all(normalised), run);
  const at::Tensor outputs = run.attend(index, {{query, 0, D}, {key_value, 0, 2 * D}, {key_value, D, 2 * D}}, tape.attention);
  const at::Tensor sum = layer.output(outputs);
  const at::Tensor inside = layer.up(on_gpu(layer.mlp_norm).forward(sum, hidden));
  tape.kept = {hidden, sum, inside};
  if (only_tape) return {};
  return layer.down(gated_ ? gpu_gated(spec_.activation, inside) : activated(spec_.activation, inside)).add_(sum);
}

at::Tensor DecoderNetwork::backward_taped(int index, const at::Tensor& gradient, AttentionRun& run, const LayerTape& tape) const {
  const Layer& layer = layers_[static_cast<std::size_t>(index)];
  const LayerHeads& heads = spec_.heads(index);
  const std::int64_t D = heads.head_dim;
  const at::Tensor &hidden = tape.kept[0], &sum = tape.kept[1], &inside = tape.kept[2];
  const at::Tensor of_gated = layer.down.gradient(gradient);
  const at::Tensor of_inside =
      gated_ ? gpu_gated_backward(spec_.activation, inside, of_gated) : activation_gradient(spec_.activation, of_gated, inside);
  const at::Tensor of_sum = on_gpu(layer.mlp_norm).backward(sum, layer.up.gradient(of_inside), gradient);
  const at::Tensor of_outputs = layer.output.gradient(of_sum);
  if (index == 0) {
    run.backward_of_first(tape.attention, of_outputs);
    return {};
  }
  const std::vector<at::Tensor> rows = run.backward(tape.attention, of_outputs);
  at::Tensor of_normalised = layer.query.gradient(run.rotated_back(rows[0], D, heads.count(), D));
  layer.key_value.add_gradient(run.rotated_back(rows[1], D, heads.kv_count(), 2 * D), of_normalised);
  return on_gpu(layer.attention_norm).backward(hidden, of_normalised, of_sum);
}

}  // namespace hies::model
