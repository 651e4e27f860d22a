#pragma once

#include "hies/export/onnx_layers.h"
#include "hies/model/layout.h"

namespace hies::exports {

// What the layers of a model share while it runs.
struct OnnxRun {
  Value mask;  // [B, 1, 1, S], 0 or a large negative number, which is added to the scores; empty: none, all tokens are real
};

// Returns the outputs of a layer's heads, side by side: [B, Q, H·D] of the rows `queries` [B, Q, E], which see the rows
// `keys` [B, S, E]. A layer may have any number of heads but none, and any KV head for each of them.
Value attend(const OnnxLayers& layers, const model::AttentionSpec& attention, const model::SiteLayout& heads,
             const Value& queries, const Value& keys, const OnnxRun& run);

}  // namespace hies::exports
