#include "hies/model/forward_torch.h"

#include <algorithm>

#include "hies/base/error.h"

namespace hies::model {
namespace {

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

// forward_backward() on a GPU, where the layers before the last keep tapes instead of a graph.
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
    return keep(first, last_, hidden, false);
  }

  void backward(at::Tensor gradient) {
    const at::NoGradGuard without_graph;
    for (int layer = last_ - 1; layer >= 0; --layer) {
      if (tapes_.empty()) {  // run the part that ends here again
        keep(layer + 1 - at_once_, layer + 1, states_.back(), true);
        states_.pop_back();
      }
      gradient = network_.backward_taped(layer, gradient, run_, tapes_.back());
      tapes_.pop_back();
    }
  }

 private:
  // The state behind the last of these layers, unless it was there before.
  at::Tensor keep(int first, int end, at::Tensor hidden, bool again) {
    for (int layer = first; layer < end; ++layer)
      hidden = network_.forward_taped(layer, hidden, run_, tapes_.emplace_back(), again && layer + 1 == end);
    return hidden;
  }

  const Network& network_;
  const HeadLayout& layout_;
  AttentionRun& run_;
  int at_once_, last_;
  std::vector<at::Tensor> states_;  // before each part that keeps no tapes
  std::vector<LayerTape> tapes_;    // of the layers that come next on the way back
};

}  // namespace

at::Tensor result_of(const Network& network, const AttentionRun& run, const at::Tensor& hidden) {
  const at::Tensor& read = run.rows().read;
  return network.task_head(read.defined() ? hidden.index_select(0, read) : hidden, run.rows());
}

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

}  // namespace hies::model
