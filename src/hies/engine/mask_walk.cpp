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
  Walk(const nn::Network& network, const model::Batch& batch, const TakeLeaf& take)
      : network_(network), run_(network.spec(), batch, nullptr, nullptr, at::kCPU, {}), take_(take) {}

  void all(const MaskTrie& trie) { visit(trie.first(), 0, network_.embed(run_)); }

 private:
  nn::NeuronGates gates_of_neurons(const model::UnitSet& removed, int layer, const at::Tensor& hidden) const {
    const model::Site site = model::ffn_site(layer);
    const std::vector<int>& neurons = removed.at(site);
    if (neurons.empty()) return {};
    const bool asked = layer + 1 == network_.spec().layer_count() && !run_.rows().asks_all;
    return {neuron_gates({&neurons, 1}, network_.spec().layout.at(site), hidden.options()),
            asked ? run_.rows().asked.size(0) : hidden.size(0)};
  }

  // `nodes`: the choices in `layer`, all of which start from `hidden`.
  void visit(const std::vector<MaskTrie::Node>& nodes, int layer, const at::Tensor& hidden) {
    const model::Site site = model::attention_site(layer);
    const SiteLayout& all = network_.spec().layout.at(site);
    const nn::Block& block = network_.block(layer);
    // Heads that no choice keeps are not computed.
    std::vector<int> removed_by_all = nodes.front().removed.at(site);
    for (const MaskTrie::Node& node : nodes)
      std::erase_if(removed_by_all, [&](int head) { return !node.removed.contains(site, head); });
    const SiteLayout computed = all.without(removed_by_all);
    const at::Tensor outputs =
        computed.count() == 0 ? at::Tensor() : block.heads(computed, hidden, run_, nn::HeadProducts::apart, nullptr);
    for (const MaskTrie::Node& node : nodes) {
      const SiteLayout heads = all.without(node.removed.at(site));
      const at::Tensor after = block.finish(heads, hidden, outputs_of(heads, computed, outputs), run_,
                                            gates_of_neurons(node.removed, layer, hidden), nullptr);
      if (node.next.empty()) take_(node, network_.head().forward(after, run_.rows(), nullptr));
      else visit(node.next, layer + 1, after);
    }
  }

  const nn::Network& network_;
  nn::RunContext run_;
  const TakeLeaf& take_;
};

}  // namespace

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

void walk_masks(const nn::Network& network, const model::Batch& batch, const MaskTrie& trie, const TakeLeaf& take) {
  Walk(network, batch, take).all(trie);
}

}  // namespace hies::engine
