#pragma once

#include <functional>

#include <ATen/ATen.h>

#include "hies/model/mask_trie.h"
#include "hies/model/network_torch.h"

namespace hies::model {

// Takes what the task head gives (Network::task_head) with one mask.
using TakeLeaf = std::function<void(const MaskTrie::Node& leaf, const at::Tensor& result)>;

// Of every leaf of the trie, from first to last, each handed over when it is reached. At most one hidden state and the head outputs of
// each layer are alive.
void walk_masks(const Network& network, const ModelSpec& spec, const Batch& batch, const MaskTrie& trie, const TakeLeaf& take);

// The same on a GPU, where `at_once` masks, side by side as one larger batch, take hardly longer than one of a small batch. All heads
// are computed and those left out become 0, so that products have the same shape for every mask; how many masks stand side by side
// may still change a result by the rounding of its type. States and outputs of `at_once` masks are alive for each layer.
void walk_masks_on_gpu(const Network& network, const ModelSpec& spec, const Batch& batch, const MaskTrie& trie,
                        at::Device device, std::int64_t at_once, const TakeLeaf& take);

}  // namespace hies::model
