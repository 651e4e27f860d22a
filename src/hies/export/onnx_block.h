#pragma once

#include "hies/export/onnx_attention.h"
#include "hies/export/onnx_layers.h"
#include "hies/model/spec.h"

namespace hies::exports {

// Returns the states [B, T, E] behind the layer, from those before it. `first_rows`: how many tokens at the beginning of each sequence
// the result is wanted of, which must be the model's last layer then; 0: of all.
Value onnx_block(const OnnxLayers& layers, const model::ModelSpec& spec, int layer, const Value& hidden, const OnnxRun& run,
                 int first_rows = 0);

}  // namespace hies::exports
