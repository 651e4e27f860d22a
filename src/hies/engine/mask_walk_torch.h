#pragma once

#include <functional>
#include <span>
#include <vector>

#include "hies/engine/mask_trie.h"
#include "hies/nn/network.h"

namespace hies::engine {

// Takes what the task head gives (nn::TaskHead::forward) with one mask.
using TakeLeaf = std::function<void(const MaskTrie::Node& leaf, const at::Tensor& result)>;

// States of a batch under one mask, the trunk, kept from walk to walk: whatever agrees with the trunk up to a layer starts there.
class TrunkStates {
 public:
  explicit TrunkStates(int layers) : before_(static_cast<std::size_t>(layers)), outputs_(static_cast<std::size_t>(layers)) {}
  // Makes `removed` the trunk, and drops what depends on a layer in which it differs from the one before.
  void move_to(const model::UnitSet& removed);
  const model::UnitSet& removed() const noexcept { return removed_; }
  // The state before a layer, and the outputs of the heads that the trunk keeps or has kept there; undefined where not known.
  at::Tensor& before(int layer) { return before_[static_cast<std::size_t>(layer)]; }
  struct Outputs {
    model::SiteLayout heads;
    at::Tensor values;
  };
  Outputs& outputs(int layer) { return outputs_[static_cast<std::size_t>(layer)]; }

 private:
  model::UnitSet removed_;
  std::vector<at::Tensor> before_;
  std::vector<Outputs> outputs_;
};

// Visits every leaf of the trie, from first to last, and hands its result over when it is reached. At most one hidden state and the
// head outputs of each layer are alive, and those of `trunk` (may be null), which is filled and changes no bit of a result. For the CPU.
// Returns how many layers were computed.
std::int64_t walk_masks(const nn::Network& network, const model::Batch& batch, const MaskTrie& trie, const TakeLeaf& take,
                        TrunkStates* trunk = nullptr);

// Does the same on a GPU, where `at_once` masks, side by side as one larger batch, take hardly longer than one of a small batch. All
// heads are computed and the outputs of removed ones become 0, so that products have the same shape for every mask; how many masks stand
// side by side may still change a result by the rounding of its type. States and outputs of `at_once` masks are alive for each layer.
void walk_masks_batched(const nn::Network& network, const model::Batch& batch, const MaskTrie& trie, at::Device device,
                        const ops::AttentionOptions& options, std::int64_t at_once, const TakeLeaf& take);

// Returns the gates [M, F] of a site's neurons in M masks: 0 for those that a mask removes, 1 for the others.
at::Tensor neuron_gates(std::span<const std::vector<int>> removed, const model::SiteLayout& neurons,
                        const at::TensorOptions& options);

}  // namespace hies::engine
