#include "hies/model/arch/vision_torch.h"

// The layers of a network for images without a graph: see Network::tapes.
namespace hies::model {

bool VisionNetwork::tapes() const { return true; }

at::Tensor VisionNetwork::forward_taped(int index, const at::Tensor& hidden, AttentionRun& run, LayerTape& tape,
                                        bool only_tape) const {
  const Layer& layer = layers_[static_cast<std::size_t>(index)];
  const std::int64_t D = spec_.heads(index).head_dim;
  const at::Tensor all = layer.heads.together().all(layer.attention_norm.on_gpu().forward(hidden));
  const at::Tensor outputs = run.attend(index, {{all, 0, 3 * D}, {all, D, 3 * D}, {all, 2 * D, 3 * D}}, tape.attention);
  const at::Tensor sum = scaled(layer.output(outputs), layer.attention_scale);
  const at::Tensor inside = layer.up(layer.mlp_norm.on_gpu().forward(sum, hidden));
  tape.kept = {hidden, sum, inside};
  if (only_tape) return {};
  const at::Tensor active = spec_.vision.gated ? gpu_gated(Activation::silu, inside) : activated(spec_.activation, inside);
  return scaled(layer.down(active), layer.mlp_scale).add_(sum);
}

at::Tensor VisionNetwork::backward_taped(int index, const at::Tensor& gradient, AttentionRun& run, const LayerTape& tape) const {
  const Layer& layer = layers_[static_cast<std::size_t>(index)];
  const at::Tensor &hidden = tape.kept[0], &sum = tape.kept[1], &inside = tape.kept[2];
  const at::Tensor of_active = layer.down.gradient(scaled(gradient, layer.mlp_scale));
  const at::Tensor of_inside = spec_.vision.gated ? gpu_gated_backward(Activation::silu, inside, of_active)
                                                  : activation_gradient(spec_.activation, of_active, inside);
  const at::Tensor of_sum = layer.mlp_norm.on_gpu().backward(sum, layer.up.gradient(of_inside), gradient);
  const at::Tensor of_outputs = layer.output.gradient(scaled(of_sum, layer.attention_scale));
  if (index == 0) {
    run.backward_of_first(tape.attention, of_outputs);
    return {};
  }
  const at::Tensor of_normalised = layer.heads.together().gradient(run.backward(tape.attention, of_outputs)[0]);
  return layer.attention_norm.on_gpu().backward(hidden, of_normalised, of_sum);
}

}  // namespace hies::model
