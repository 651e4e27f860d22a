#include <algorithm>
#include <utility>

#include "hies/engine/mask_walk_torch.h"
#include "hies/ops/tensors.h"

namespace hies::engine {
namespace {

using model::SiteLayout;

// Returns the columns of outputs [rows, H·D] of `from` that belong to `heads`.
at::Tensor outputs_of(const SiteLayout& heads, const SiteLayout& from, const at::Tensor& outputs) {
  if (heads.count() == 0) return {};
  if (heads == from) return outputs;
  const std::int64_t D = heads.unit_size;
  at::Tensor chosen = at::empty({outputs.size(0), heads.width()}, outputs.options());
  for (int i = 0; i < heads.count(); ++i)
    chosen.narrow(1, i * D, D).copy_(outputs.narrow(1, from.position_of(heads.units[static_cast<std::size_t>(i)]) * D, D));
  return chosen;
}

// A walk of the trie, depth first.
class Walk {
 public:
  Walk(const nn::Network& network, const model::Batch& batch, const TakeLeaf& take, TrunkStates* trunk)
      : network_(network), run_(network.spec(), batch, nullptr, nullptr, at::kCPU, {}), take_(take), trunk_(trunk) {}

  // Returns how many layers were computed.
  std::int64_t all(const MaskTrie& trie) {
    at::Tensor first = trunk_ == nullptr ? at::Tensor() : trunk_->before(0);
    if (!first.defined()) first = network_.embed(run_);
    if (trunk_ != nullptr) trunk_->before(0) = first;
    visit(trie.first(), 0, first, trunk_ != nullptr);
    return computed_;
  }

 private:
  nn::NeuronGates gates_of_neurons(const model::UnitSet& removed, int layer, const at::Tensor& hidden) const {
    const model::Site site = model::ffn_site(layer);
    const std::vector<int>& neurons = removed.at(site);
    if (neurons.empty()) return {};
    const bool asked = layer + 1 == network_.spec().layer_count() && !run_.rows().asks_all;
    return {neuron_gates({&neurons, 1}, network_.spec().layout.at(site), hidden.options()),
            asked ? run_.rows().asked.size(0) : hidden.size(0)};
  }

  // Returns the outputs of the heads that a choice keeps, and which they are. `on_trunk`: all start from the trunk's state.
  TrunkStates::Outputs outputs_for(const std::vector<MaskTrie::Node>& nodes, int layer, const at::Tensor& hidden, bool on_trunk) {
    const model::Site site = model::attention_site(layer);
    // Heads that no choice keeps are not computed.
    std::vector<int> removed_by_all = nodes.front().removed.at(site);
    for (const MaskTrie::Node& node : nodes)
      std::erase_if(removed_by_all, [&](int head) { return !node.removed.contains(site, head); });
    // What later walks may need is: the trunk's.
    if (on_trunk) std::erase_if(removed_by_all, [&](int head) { return !trunk_->removed().contains(site, head); });
    const SiteLayout wanted = network_.spec().layout.at(site).without(removed_by_all);
    if (wanted.count() == 0) return {wanted, {}};
    if (on_trunk && trunk_->outputs(layer).values.defined()) {
      const std::vector<int>& known = trunk_->outputs(layer).heads.units;
      if (std::includes(known.begin(), known.end(), wanted.units.begin(), wanted.units.end())) return trunk_->outputs(layer);
    }
    TrunkStates::Outputs outputs{wanted, network_.block(layer).heads(wanted, hidden, run_, nn::HeadProducts::apart, nullptr)};
    if (on_trunk) trunk_->outputs(layer) = outputs;
    return outputs;
  }

  // `nodes`: the choices in `layer`, all of which start from `hidden`.
  void visit(const std::vector<MaskTrie::Node>& nodes, int layer, const at::Tensor& hidden, bool on_trunk) {
    const model::Site site = model::attention_site(layer);
    const SiteLayout& all = network_.spec().layout.at(site);
    const bool last = layer + 1 == network_.spec().layer_count();
    TrunkStates::Outputs outputs;
    bool ready = false;
    for (const MaskTrie::Node& node : nodes) {
      const bool follows = on_trunk && !last && node.removed == trunk_->removed().of_layer(layer);
      at::Tensor after = follows ? trunk_->before(layer + 1) : at::Tensor();
      if (!after.defined()) {
        if (!ready) outputs = outputs_for(nodes, layer, hidden, on_trunk);
        ready = true;
        const SiteLayout heads = all.without(node.removed.at(site));
        after = network_.block(layer).finish(heads, hidden, outputs_of(heads, outputs.heads, outputs.values), run_,
                                             gates_of_neurons(node.removed, layer, hidden), nullptr);
        ++computed_;
      }
      if (follows) trunk_->before(layer + 1) = after;
      if (node.next.empty()) take_(node, network_.head().forward(after, run_.rows(), nullptr));
      else visit(node.next, layer + 1, after, follows);
    }
  }

  const nn::Network& network_;
  nn::RunContext run_;
  const TakeLeaf& take_;
  TrunkStates* trunk_;
  std::int64_t computed_ = 0;
};

}  // namespace

void TrunkStates::move_to(const model::UnitSet& removed) {
  const int layers = static_cast<int>(before_.size());
  int same = 0;
  while (same < layers && removed.of_layer(same) == removed_.of_layer(same)) ++same;
  for (int layer = same + 1; layer < layers; ++layer) {
    before(layer) = at::Tensor();
    outputs(layer) = {};
  }
  removed_ = removed;
}

at::Tensor neuron_gates(std::span<const std::vector<int>> removed, const SiteLayout& neurons, const at::TensorOptions& options) {
  const auto masks = static_cast<std::int64_t>(removed.size());
  const at::Tensor gates = at::ones({masks, neurons.count()}, at::TensorOptions().dtype(at::kFloat));
  float* to = gates.data_ptr<float>();
  for (const std::vector<int>& of_mask : removed) {
    for (const int neuron : of_mask) to[neurons.position_of(neuron)] = 0;
    to += neurons.count();
  }
  return ops::to_device(gates.to(options.dtype()), options.device());
}

std::int64_t walk_masks(const nn::Network& network, const model::Batch& batch, const MaskTrie& trie, const TakeLeaf& take,
                        TrunkStates* trunk) {
  return Walk(network, batch, take, trunk).all(trie);
}

}  // namespace hies::engine
