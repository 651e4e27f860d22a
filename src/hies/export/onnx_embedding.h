#pragma once

#include "hies/export/onnx_layers.h"
#include "hies/model/spec.h"

namespace hies::exports {

// The inputs of a text model: [B, T] int64 each. `token_types` is empty where the family has none to choose from.
struct OnnxText {
  Value ids, mask, token_types;
};

// Declares the inputs input_ids, attention_mask and, where a token has one of several types, token_type_ids.
OnnxText onnx_text_inputs(const OnnxLayers& layers, const model::ModelSpec& spec);

// Returns the first states [B, T, E] of tokens. Positions count from the beginning of each row; where padding has a position of its own
// (RoBERTa), real tokens alone are counted, as transformers does.
Value onnx_text_embedding(const OnnxLayers& layers, const model::ModelSpec& spec, const OnnxText& text);

// Declares the input pixel_values [B, C, height, width] and returns the first states [B, T, E] of images. `any_size`: images may have
// other sizes than the positions are of, which are interpolated then.
Value onnx_image_embedding(const OnnxLayers& layers, const model::ModelSpec& spec, bool any_size);

}  // namespace hies::exports
