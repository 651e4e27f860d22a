#include "hies/model/mask_walk_torch.h"

#include "hies/base/error.h"
#include "hies/model/forward_torch.h"

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

// A walk of the trie, depth first.
class Walk {
 public:
  Walk(const Network& network, const ModelSpec& spec, const Batch& batch, const TakeLeaf& take)
      : network_(network), layout_(spec.layers), run_(spec, batch, nullptr, nullptr, at::kCPU), take_(take) {}

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
  const TakeLeaf& take_;
};

}  // namespace

void walk_masks(const Network& network, const ModelSpec& spec, const Batch& batch, const MaskTrie& trie, const TakeLeaf& take) {
  Walk(network, spec, batch, take).all(trie, batch);
}

}  // namespace hies::model
