#include "hies/model/arch/encoder_torch.h"

// The layers of an encoder without a graph: see Network::tapes.
namespace hies::model {

bool EncoderNetwork::tapes() const { return true; }

at::Tensor EncoderNetwork::forward_taped(int index, const at::Tensor& hidden, AttentionRun& run, LayerTape& tape,
                                         bool /*only_tape*/) const {
  const Layer& layer = layers_[static_cast<std::size_t>(index)];
  const std::int64_t D = spec_.heads(index).head_dim;
  const at::Tensor all = layer.heads.together().all(hidden);
  const at::Tensor outputs = run.attend(index, {{all, 0, 3 * D}, {all, D, 3 * D}, {all, 2 * D, 3 * D}}, tape.attention);
  const at::Tensor first = layer.output(outputs);
  const at::Tensor attended = layer.attention_norm.on_gpu().forward(first, hidden);
  const at::Tensor inside = layer.up(attended);
  const at::Tensor second = layer.down(activated(spec_.activation, inside));
  tape.kept = {first, inside, second};
  return layer.output_norm.on_gpu().forward(second, attended);  // which leaves in `second` the sum that its gradient reads
}

at::Tensor EncoderNetwork::backward_taped(int index, const at::Tensor& gradient, AttentionRun& run, const LayerTape& tape) const {
  const Layer& layer = layers_[static_cast<std::size_t>(index)];
  const at::Tensor &first = tape.kept[0], &inside = tape.kept[1], &second = tape.kept[2];
  at::Tensor of_attended = layer.output_norm.on_gpu().backward(second, gradient);
  layer.up.add_gradient(activation_gradient(spec_.activation, layer.down.gradient(of_attended), inside), of_attended);
  at::Tensor of_hidden = layer.attention_norm.on_gpu().backward(first, of_attended);
  const at::Tensor of_outputs = layer.output.gradient(of_hidden);
  if (index == 0) {
    run.backward_of_first(tape.attention, of_outputs);
    return {};
  }
  layer.heads.together().add_gradient(run.backward(tape.attention, of_outputs)[0], of_hidden);
  return of_hidden;
}

}  // namespace hies::model
