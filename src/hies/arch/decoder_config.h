#pragma once

#include <string>
#include <string_view>

#include "hies/arch/config.h"
#include "hies/arch/family.h"
#include "hies/base/json.h"
#include "hies/model/spec.h"

namespace hies::arch {

// The parts of a decoder's config.json. All throw bad_input, or unsupported with the name of what is not.

// Refuses mixtures of experts and latent attention, which change the tensors under the same names.
void refuse_other_decoders(const Json& config, std::string_view where);

// The names under which `architectures` lists the task heads that a family has here.
struct DecoderClasses {
  std::string causal_lm, bare, classifier;
};

// Fills problem, labels, padding and the task head. `architectures` decides; without it, or with the bare model, it is a language
// model. `tied_by_default`: whether logits come from the embedding table where config.json does not say.
void parse_decoder_task(const Json& config, std::string_view where, const DecoderClasses& classes, bool tied_by_default,
                        model::ModelSpec& spec);

// Returns parse_layout(), where a head that does not share its keys and values keeps them as long as it is there.
model::Layout parse_decoder_layout(const Json& config, std::string_view where, const UnitCounts& counts);

// What LLaMA and those after it differ in, besides names of classes and windows.
struct LlamaBiases {
  bool query_key_value = false, output = false, ffn = false;
};

// Returns the description of LLaMA and those after it: RMSNorm, rotary positions, a gated feed-forward network, query heads that may
// share KV heads. `family` begins the names of its classes. `default_head_dim`: where config.json says none; 0: hidden size / heads.
model::ModelSpec parse_llama_like(const Json& config, std::string_view where, const std::string& model_type,
                                  const std::string& family, const LlamaBiases& biases, int default_head_dim = 0);

// Reads the windows of Qwen2 and Qwen3: those of the layers that `layer_types` or max_window_layers says, if use_sliding_window.
void parse_layer_windows(const Json& config, std::string_view where, model::ModelSpec& spec);

// Writes num_attention_heads, num_key_value_heads and head_dim.
void write_llama_heads(Json& config, const HeadNumbers& numbers);

}  // namespace hies::arch
