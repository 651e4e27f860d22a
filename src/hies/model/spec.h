#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hies/model/layout.h"
#include "hies/model/rope.h"

namespace hies::model {

enum class Activation { none, gelu, gelu_tanh, relu, silu, tanh };

// Returns the activation of a feed-forward network by transformers' name: `gelu`, `gelu_new`, `gelu_pytorch_tanh`, `relu`, `silu`,
// `swish`. Throws unsupported.
Activation parse_activation(const std::string& name);

// What a checkpoint predicts: one of `labels`, a number, or the next token. An encoder without a task head, or with one that is not
// read here, predicts nothing: what it gives is the last hidden state of each example's first token.
enum class Problem { classification, regression, causal_lm, hidden_states };

// Returns "classification", "regression", "causal-lm" or "hidden-states".
std::string_view problem_name(Problem problem) noexcept;

// The description of a model. Forward and backward pass, shapes of tensors, slices of units, costs and the memory plan all walk it, so
// that families differ in data alone. Names of tensors are canonical: those of the current transformers.

// LayerNorm (tensors name.weight, name.bias) or RMSNorm (name.weight).
enum class NormKind { layer_norm, rms_norm };
struct NormSpec {
  std::string name;
  NormKind kind = NormKind::layer_norm;
  double epsilon = 1e-12;
};

// A matrix of a linear layer: name.weight [outputs, inputs], with `bias` name.bias [outputs].
struct MatrixSpec {
  std::string name;
  bool bias = true;
  bool inputs_first = false;  // stored as [inputs, outputs] (GPT-2's Conv1D)
  // The tensor holds `parts` matrices of equal size one after the other along the outputs, of which this one is number `part`.
  int part = 0, parts = 1;
};

struct AttentionSpec {
  NormSpec norm;
  MatrixSpec query, key, value, output;
  std::optional<NormSpec> query_norm, key_norm;  // of each head's vector, before its rotation (Qwen3)
  std::string scale;                             // layer scale: a vector [E] that multiplies the result; empty: none
  int window = 0;                                // keys that a query sees at most, its own token's among them; 0: all
};

struct FfnSpec {
  NormSpec norm;
  std::optional<MatrixSpec> gate;  // set: down(activation(gate x) · up x), else down(activation(up x))
  MatrixSpec up, down;
  Activation activation = Activation::gelu;
  std::string scale;  // as AttentionSpec::scale
};

struct LayerSpec {
  AttentionSpec attention;
  FfnSpec ffn;
};

// Where a layer normalises: what each block reads (pre), or the sum of its result and what it read (post).
enum class NormOrder { pre, post };

// How token ids become the first hidden state. Empty names: the family has no such table.
struct TextSpec {
  std::string word, position, token_type;
  std::optional<NormSpec> norm;
  int vocabulary = 0;       // V
  int position_offset = 0;  // position id of the first token (RoBERTa: padding id + 1)
  int token_types = 0;      // 0: the family has none
};

// How images become tokens.
struct VisionSpec {
  int height = 0, width = 0;              // pixels of the images that the positions are of
  int patch_height = 0, patch_width = 0;  // pixels of a token
  int channels = 3;
  std::vector<std::string> leading;  // tensors [1, 1, E] of the tokens before the patches: class, distillation
  std::string position;              // tensor [1, tokens, E]
  MatrixSpec patches;                // stored as [E, channels, patch_height, patch_width]
  bool any_size = false;             // positions are interpolated to other sizes unasked, in float32 (DINOv2)

  // Returns the number of tokens of an image of so many pixels; what is left over at its edges is not read.
  int tokens(int of_height, int of_width) const {
    return static_cast<int>(leading.size()) + of_height / patch_height * (of_width / patch_width);
  }
};

// Which rows of the last hidden state the task head reads: the first token of each sequence; its first two; the first one beside the
// mean of all others; the last one that is not padding; or every row that predicts a target token (language models).
enum class Pooling { first, first_two, first_and_mean, last, targets };

struct TaskHeadSpec {
  Pooling pooling = Pooling::first;
  struct Dense {
    MatrixSpec matrix;
    Activation activation = Activation::none;
  };
  std::vector<Dense> dense;  // [E → E], one after the other
  // Each gives logits [V]; of several, one for each pooled token, the mean is taken (DeiT with its teacher). None: hidden states.
  std::vector<MatrixSpec> classifiers;
  bool tied = false;  // the classifier is the table of word embeddings
  int padding = -1;   // Pooling::last: the token id of padding; -1: none
};

struct ModelSpec {
  std::string model_type;  // "bert": the registry's key
  int hidden = 0;          // E
  int positions = 0;       // tokens of the longest sequence
  TextSpec text;           // where tokens are read
  VisionSpec vision;       // where images are read
  NormOrder norm_order = NormOrder::post;
  bool causal = false;  // a decoder: a token sees itself and what stands before it
  Rope rope;
  std::vector<LayerSpec> layers;  // [L]
  Layout layout;                  // attention and ffn of every layer
  std::optional<NormSpec> final_norm;
  TaskHeadSpec head;
  Problem problem = Problem::classification;
  std::vector<std::string> labels;  // [V] in order of id; one entry for regression, none for language models and hidden states
  // Problem::hidden_states: what the checkpoint is with the head that is not read, for messages: "masked language model
  // (BertForMaskedLM)". Empty: it has no head.
  std::string other_head;

  bool reads_images() const noexcept { return vision.patch_height > 0; }
  int layer_count() const noexcept { return static_cast<int>(layers.size()); }
  const LayerSpec& layer(int index) const { return layers[static_cast<std::size_t>(index)]; }
  // Returns the numbers that the model gives for a row: V of a language model, E of hidden states, else the number of labels.
  int outputs() const noexcept {
    if (problem == Problem::hidden_states) return hidden;
    return problem == Problem::causal_lm ? text.vocabulary : static_cast<int>(labels.size());
  }
};

}  // namespace hies::model
