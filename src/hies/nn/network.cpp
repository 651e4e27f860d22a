#include "hies/nn/network.h"

#include <algorithm>
#include <optional>

namespace hies::nn {
namespace {

// The layers of a backward pass, some at a time. Layer `lowest` is the first one that has heads, or neurons whose gates are recorded:
// below it nothing needs a gradient.
class TapedLayers {
 public:
  TapedLayers(const Network& network, RunContext& run, int layers_at_once)
      : network_(network), run_(run), at_once_(layers_at_once), layers_(network.spec().layer_count()) {
    const model::Layout& layout = network.spec().layout;
    const auto records = [&](int layer) {
      const bool neurons = run.wants_neurons() || run.gradients() != nullptr;
      return layout.attention(layer).count() > 0 || (neurons && layout.ffn(layer).count() > 0);
    };
    while (lowest_ < layers_ && !records(lowest_)) ++lowest_;
  }

  // Returns the state after the last layer from that before the first. Keeps the tapes of the last part.
  at::Tensor forward(at::Tensor hidden) {
    const int last_part = (layers_ - 1) / at_once_ * at_once_;
    for (int first = 0; first < last_part; first += at_once_) {
      states_.push_back(hidden);
      for (int layer = first; layer < first + at_once_; ++layer) hidden = network_.block(layer).forward(hidden, run_, nullptr);
    }
    return keep(last_part, layers_, hidden, false);
  }

  // Runs back from the gradient by the state after the last layer.
  void backward(at::Tensor gradient) {
    for (int layer = layers_ - 1; layer >= lowest_; --layer) {
      if (tapes_.empty()) {  // run the part that ends here again
        keep(layer + 1 - at_once_, layer + 1, states_.back(), true);
        states_.pop_back();
      }
      const bool last = layer == lowest_ && run_.gradients() == nullptr;
      gradient = network_.block(layer).backward(gradient, run_, tapes_.back(), last);
      tapes_.pop_back();
    }
  }

 private:
  // Returns the state after the last of these layers, unless the layers run `again` for their tapes alone.
  at::Tensor keep(int first, int end, at::Tensor hidden, bool again) {
    for (int layer = first; layer < end; ++layer) {
      BlockTape* tape = layer < lowest_ ? nullptr : &tapes_.emplace_back();
      hidden = network_.block(layer).forward(hidden, run_, tape, again && layer + 1 == end);
    }
    return hidden;
  }

  const Network& network_;
  RunContext& run_;
  int at_once_, layers_, lowest_ = 0;
  std::vector<at::Tensor> states_;  // before each part that keeps no tapes
  std::vector<BlockTape> tapes_;    // of the layers whose gradients are due next
};

std::vector<Block> blocks_of(const model::ModelSpec& spec, const WeightSource& weights) {
  std::vector<Block> blocks;
  blocks.reserve(static_cast<std::size_t>(spec.layer_count()));
  for (int layer = 0; layer < spec.layer_count(); ++layer) blocks.emplace_back(spec, layer, weights);
  return blocks;
}

}  // namespace

Network::Network(const model::ModelSpec& spec, const WeightSource& weights)
    : spec_(spec), embedding_(spec, weights), blocks_(blocks_of(spec, weights)), head_(spec, weights) {}

at::Tensor Network::forward(RunContext& run) const {
  at::Tensor hidden = embed(run);
  for (const Block& block : blocks_) hidden = block.forward(hidden, run, nullptr);
  return head_.forward(hidden, run.rows(), nullptr);
}

void Network::forward_backward(RunContext& run, int layers_at_once,
                               const std::function<at::Tensor(const at::Tensor&)>& gradient_of) const {
  TapedLayers layers(*this, run, layers_at_once);
  TaskHeadTape tape;
  const at::Tensor result = head_.forward(layers.forward(embed(run)), run.rows(), &tape);
  const at::Tensor gradient = gradient_of(result);
  run.set_recording(false);
  layers.backward(head_.backward(gradient, run.rows(), tape));
}

int Network::first_not_finite(RunContext& run) const {
  const auto finite = [](const at::Tensor& state) { return at::isfinite(state).all().item<bool>(); };
  at::Tensor hidden = embed(run);
  if (!finite(hidden)) return -1;
  for (int layer = 0; layer < spec_.layer_count(); ++layer) {
    hidden = block(layer).forward(hidden, run, nullptr);
    if (!finite(hidden)) return layer;
  }
  return spec_.layer_count();
}

}  // namespace hies::nn
