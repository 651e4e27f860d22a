#pragma once

#include "hies/model/arch/projection_torch.h"
#include "hies/model/network_torch.h"

namespace hies::model {

// The attention of one layer of an encoder: queries, keys and values of its heads, and what they give.
class EncoderHeads {
 public:
  EncoderHeads() = default;
  // `all`: the heads that the layer has, at least one. `last`: the rows that are asked for (BatchRows) are all that asks, because the
  // task head reads no other; the other tokens' queries exist only for the entropy and the norms that the probe wants.
  EncoderHeads(const LayerHeads& all, bool last, const Linear& query, const Linear& key, const Linear& value);

  // Outputs of `heads` from what the layer's attention reads [T, E].
  at::Tensor operator()(int layer, const LayerHeads& heads, const at::Tensor& read, AttentionRun& run,
                        HeadProducts products) const;

  // Queries, keys and values in one product, of a layer that is not the last.
  const Projection& together() const noexcept { return rest_; }

 private:
  LayerHeads all_;
  bool last_ = false;
  Projection rest_;   // queries, keys, values; in the last layer keys and values
  Projection query_;  // last layer only
};

}  // namespace hies::model
