#include "hies/model/forward_torch.h"

#include <algorithm>

#include "hies/base/error.h"

namespace hies::model {
namespace {

// The columns of outputs [rows, H·D] of `from` that belong to `heads`.
at::Tensor outputs_of(const LayerHeads& heads, const LayerHeads& from, const at::Tensor& outputs) {
  if (heads.count() == 0) return {};
  if (heads == from) return outputs;
  const std::int64_t D = heads.head_dim;
  at::Tensor chosen = at::empty({outputs.size(0), heads.count() * D}, outputs.options());
  for (int i = 0; i < heads.count(); ++i)
    chosen.narrow(1, i * D, D).copy_(outputs.narrow(1, from.position_of(heads.heads[static_cast<std::size_t>(i)]) * D, D));
  return chosen;
}

at::Tensor result_of(const Network& network, const AttentionRun& run, const at::Tensor& hidden) {
  const at::Tensor& read = run.rows().read;
  return network.task_head(read.defined() ? hidden.index_select(0, read) : hidden, run.rows());
}

// The state after the layers first … last-1 from the state before them.
at::Tensor run_layers(const Network& network, const HeadLayout& layout, int first, int last, at::Tensor hidden,
                      AttentionRun& run) {
  for (int layer = first; layer < last; ++layer) {
    const LayerHeads& heads = layout[static_cast<std::size_t>(layer)];
    const at::Tensor outputs = heads.count() == 0 ? at::Tensor() : network.heads(layer, heads, hidden, run, HeadProducts::joint);
    hidden = network.finish(layer, heads, hidden, outputs, run);
  }
  return hidden;
}

// forward_backward() on a card, where the layers before the last keep tapes instead of a graph.
class TapedRun {
 public:
  TapedRun(const Network& network, const HeadLayout& layout, AttentionRun& run, int layers_at_once)
      : network_(network), layout_(layout), run_(run), at_once_(layers_at_once), last_(static_cast<int>(layout.size()) - 1) {}

  static bool possible(const Network& network, const HeadLayout& layout, const AttentionRun& run) {
    return network.tapes() && run.may_tape() && layout.size() > 1 &&
           std::all_of(layout.begin(), layout.end(), [](const LayerHeads& heads) { return heads.count() > 0; });
  }

  // The state before the last layer.
  at::Tensor forward(at::Tensor hidden) {
    const at::NoGradGuard without_graph;
    int first = 0;
    for (; first + at_once_ < last_; first += at_once_) {
      states_.push_back(hidden);
      hidden = run_layers(network_, layout_, first, first + at_once_, hidden, run_);
    }
    return keep(first, last_, hidden);
  }

  void backward(at::Tensor gradient) {
    const at::NoGradGuard without_graph;
    for (int layer = last_ - 1; layer >= 0; --layer) {
      if (tapes_.empty()) {  // run the part that ends here again
        keep(layer + 1 - at_once_, layer + 1, states_.back());
        states_.pop_back();
      }
      gradient = network_.backward_taped(layer, gradient, run_, tapes_.back());
      tapes_.pop_back();
    }
  }

 private:
  at::Tensor keep(int first, int end, at::Tensor hidden) {
    for (int layer = first; layer < end; ++layer) hidden = network_.forward_taped(layer, hidden, run_, tapes_.emplace_back());
    return hidden;
  }

  const Network& network_;
  const HeadLayout& layout_;
  AttentionRun& run_;
  int at_once_, last_;
  std::vector<at::Tensor> states_;  // before each part that keeps no tapes
  std::vector<LayerTape> tapes_;    // of the layers that come next on the way back
};

// A walk of the trie, depth first.
class Walk {
 public:
  using Take = std::function<void(const MaskTrie::Node&, const at::Tensor&)>;
  Walk(const Network& network, const ModelSpec& spec, const Batch& batch, at::Device device, const Take& take)
      : network_(network), layout_(spec.layers), run_(spec, batch, nullptr, nullptr, device), take_(take) {}

  void all(const MaskTrie& trie, const Batch& batch) { visit(trie.first(), 0, network_.embed(batch, run_.rows())); }

 private:
  // nodes: the choices in `layer`, all of which start from `hidden`.
  void visit(const std::vector<MaskTrie::Node>& nodes, int layer, const at::Tensor& hidden) {
    const LayerHeads& all = layout_[static_cast<std::size_t>(layer)];
    std::vector<std::uint8_t> any(all.heads.size(), 0);
    for (const MaskTrie::Node& node : nodes) {
      check(node.keep.size() == any.size(), "masks for another number of heads");
      check(node.next.empty() == (layer + 1 == static_cast<int>(layout_.size())), "masks for another number of layers");
      for (std::size_t i = 0; i < any.size(); ++i) any[i] |= node.keep[i];
    }
    const LayerHeads computed = keep_heads(all, any);
    const at::Tensor outputs =
        computed.count() == 0 ? at::Tensor() : network_.heads(layer, computed, hidden, run_, HeadProducts::apart);
    for (const MaskTrie::Node& node : nodes) {
      const LayerHeads heads = keep_heads(all, node.keep);
      const at::Tensor after = network_.finish(layer, heads, hidden, outputs_of(heads, computed, outputs), run_);
      if (node.next.empty()) take_(node, result_of(network_, run_, after));
      else visit(node.next, layer + 1, after);
    }
  }

  const Network& network_;
  const HeadLayout& layout_;
  AttentionRun run_;
  const Take& take_;
};

}  // namespace

at::Tensor forward(const Network& network, const HeadLayout& layout, const Batch& batch, AttentionRun& run) {
  return result_of(network, run,
                   run_layers(network, layout, 0, static_cast<int>(layout.size()), network.embed(batch, run.rows()), run));
}

int first_not_finite(const Network& network, const HeadLayout& layout, const Batch& batch, AttentionRun& run) {
  const auto finite = [](const at::Tensor& state) { return at::isfinite(state).all().item<bool>(); };
  at::Tensor hidden = network.embed(batch, run.rows());
  if (!finite(hidden)) return -1;
  const int layers = static_cast<int>(layout.size());
  for (int layer = 0; layer < layers; ++layer) {
    hidden = run_layers(network, layout, layer, layer + 1, hidden, run);
    if (!finite(hidden)) return layer;
  }
  return layers;
}

void forward_backward(const Network& network, const HeadLayout& layout, const Batch& batch, AttentionRun& run, int layers_at_once,
                      const std::function<at::Tensor(const at::Tensor&)>& gradient_of) {
  const int layers = static_cast<int>(layout.size());
  if (TapedRun::possible(network, layout, run)) {
    TapedRun taped(network, layout, run, layers_at_once);
    const at::Tensor before = taped.forward(network.embed(batch, run.rows())).requires_grad_();
    const at::AutoGradMode graph(true);
    const at::Tensor after = result_of(network, run, run_layers(network, layout, layers - 1, layers, before, run));
    after.backward(gradient_of(after));
    run.set_noting(false);
    taped.backward(before.grad().contiguous());
    return;
  }
  const int last = (layers - 1) / layers_at_once * layers_at_once;  // where the last part begins
  std::vector<at::Tensor> states;                                   // before each part
  at::Tensor hidden = network.embed(batch, run.rows());
  for (int first = 0; first < last; first += layers_at_once) {
    const at::NoGradGuard without_graph;
    states.push_back(hidden);
    hidden = run_layers(network, layout, first, first + layers_at_once, hidden, run);
  }
  const at::AutoGradMode graph(true);
  // Below the first head outputs nothing needs a gradient, so the first part begins with a state that has none.
  const auto beginning = [](const at::Tensor& state, int first) { return first == 0 ? state : state.detach().requires_grad_(); };
  at::Tensor before = beginning(hidden, last);
  at::Tensor after = result_of(network, run, run_layers(network, layout, last, layers, before, run));
  at::Tensor gradient = gradient_of(after);
  run.set_noting(false);
  for (int first = last;; first -= layers_at_once) {
    if (after.requires_grad()) after.backward(gradient);
    if (first == 0) return;
    gradient = before.grad();
    before = beginning(states.back(), first - layers_at_once);
    states.pop_back();
    after = run_layers(network, layout, first - layers_at_once, first, before, run);
  }
}

void forward_masks(const Network& network, const ModelSpec& spec, const Batch& batch, const MaskTrie& trie, at::Device device,
                   const std::function<void(const MaskTrie::Node&, const at::Tensor&)>& take) {
  Walk(network, spec, batch, device, take).all(trie, batch);
}

}  // namespace hies::model
