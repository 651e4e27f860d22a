#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "hies/model/heads.h"
#include "hies/model/rope.h"

namespace hies::model {

enum class Activation { gelu, gelu_tanh, relu, silu };

// `gelu`, `gelu_new`, `gelu_pytorch_tanh`, `relu`, `silu`, `swish`: transformers' names. Throws unsupported.
Activation parse_activation(const std::string& name);

// What a checkpoint predicts: one of `labels`, a number, or the next token.
enum class Problem { classification, regression, causal_lm };

// "classification", "regression", "causal-lm".
std::string_view problem_name(Problem problem) noexcept;

// What decoders differ in.
struct DecoderSpec {
  bool tied = false;  // logits come from the embedding table
  bool qkv_bias = false, output_bias = false, mlp_bias = false;
  bool qk_norm = false;      // queries and keys are normalised before their rotation (Qwen3)
  std::vector<int> windows;  // [L] keys that a query sees at most, its own token's among them; 0: all
  Rope rope;
  int padding = -1;  // a classifier reads the last token that is not this one; -1: the last
};

// How images become tokens, and what networks that read them differ in.
struct VisionSpec {
  int height = 0, width = 0;              // pixels of the images that the positions are of
  int patch_height = 0, patch_width = 0;  // pixels of a token
  int channels = 3;
  int leading = 1;        // tokens before the patches: class, distillation
  bool any_size = false;  // positions are made for other sizes without being asked, in float32 (DINOv2)
  bool qkv_bias = true;
  bool layer_scale = false;  // each block's result is multiplied with a vector
  bool gated = false;        // the feed-forward layer is

  // Tokens of an image of so many pixels; what is left over at its edges is not read.
  int tokens(int of_height, int of_width) const { return leading + of_height / patch_height * (of_width / patch_width); }
};

// What config.json says about a checkpoint, in the same words for every family.
struct ModelSpec {
  std::string model_type;   // "bert": the registry's key
  int hidden = 0;           // E
  int intermediate = 0;     // width of the feed-forward layer
  int vocabulary = 0;       // V
  int positions = 0;        // tokens of the longest sequence
  int position_offset = 0;  // position id of the first token (RoBERTa: padding_idx + 1)
  int token_types = 0;      // 0: the family has none
  double norm_epsilon = 1e-12;
  Activation activation = Activation::gelu;
  HeadLayout layers;  // [L]
  Problem problem = Problem::classification;
  std::vector<std::string> labels;  // [V] in order of id; one entry for regression, none for language models
  bool causal = false;              // a decoder: a token sees itself and what stands before it
  DecoderSpec decoder;              // where `causal`
  // Encoders: so many of a sequence's first tokens are all that the task head reads; 0: it reads every token.
  int read_tokens = 1;
  VisionSpec vision;  // where images are read

  bool reads_images() const noexcept { return vision.patch_height > 0; }
  int layer_count() const noexcept { return static_cast<int>(layers.size()); }
  const LayerHeads& heads(int layer) const { return layers[static_cast<std::size_t>(layer)]; }
};

}  // namespace hies::model
