#pragma once

#include <string>
#include <vector>

#include "hies/model/heads.h"

namespace hies::model {

enum class Activation { gelu, gelu_tanh, relu, silu };

// `gelu`, `gelu_new`, `gelu_pytorch_tanh`, `relu`, `silu`, `swish`: transformers' names. Throws unsupported.
Activation parse_activation(const std::string& name);

// What a checkpoint predicts: one of `labels`, a number, or the next token.
enum class Problem { classification, regression, causal_lm };

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
  std::vector<std::string> labels;  // [V] in order of id; one entry for regression

  int layer_count() const noexcept { return static_cast<int>(layers.size()); }
};

}  // namespace hies::model
