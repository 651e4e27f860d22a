#pragma once

#include <functional>

#include <ATen/ATen.h>

#include "hies/model/mask_trie.h"
#include "hies/model/network_torch.h"

namespace hies::model {

// What the task head gives (Network::task_head) with all heads that the layout has, gated and noted as `run` was told.
at::Tensor forward(const Network& network, const HeadLayout& layout, const Batch& batch, AttentionRun& run);

// The same of every leaf of the trie, from first to last, each handed over when it is reached. At most one hidden state and the head
// outputs of each layer are alive.
void forward_masks(const Network& network, const ModelSpec& spec, const Batch& batch, const MaskTrie& trie,
                   const std::function<void(const MaskTrie::Node& leaf, const at::Tensor& result)>& take);

}  // namespace hies::model
