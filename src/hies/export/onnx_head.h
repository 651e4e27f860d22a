#pragma once

#include "hies/export/onnx_layers.h"
#include "hies/model/spec.h"

namespace hies::exports {

// Returns how many tokens at the beginning of each sequence the task head of an encoder reads; 0: all.
int rows_of_head(const model::ModelSpec& spec);

// Adds the model's output from the last states, those of rows_of_head(): logits [B, V], or, of a model without task head,
// last_hidden_state [B, T, E].
void onnx_encoder_head(const OnnxLayers& layers, const model::ModelSpec& spec, const Value& hidden);

}  // namespace hies::exports
