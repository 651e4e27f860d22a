#pragma once

#include <string>
#include <string_view>

#include "hies/base/json.h"
#include "hies/model/arch/config.h"
#include "hies/model/spec.h"

namespace hies::model {

// The parts of a decoder's config.json. All throw bad_input, or unsupported with the name of what is not.

// Refuses mixtures of experts, latent attention and quantised weights, which change the tensors under the same names.
void refuse_other_decoders(const Json& config, std::string_view where);

// The names under which `architectures` lists the heads that a family has here.
struct DecoderClasses {
  std::string causal_lm, bare, classifier;
};

// Fills problem, labels and padding. `architectures` decides; without it, or with the bare model, it is a language model.
void parse_decoder_task(const Json& config, std::string_view where, const DecoderClasses& classes, ModelSpec& spec);

// parse_layout, where a head that does not share its keys and values keeps them as long as it is there.
HeadLayout parse_decoder_layout(const Json& config, std::string_view where, const HeadCounts& counts);

// config.json as LLaMA and those after it share it, but for biases, norms of queries and keys, and windows (no window is set).
// `family` begins the names of its classes. default_head_dim: where config.json says none; 0: hidden size / heads.
ModelSpec parse_llama_like(const Json& config, std::string_view where, std::string_view model_type, const std::string& family,
                           int default_head_dim = 0);

// Windows of Qwen2 and Qwen3: those layers that `layer_types` or max_window_layers says, if use_sliding_window.
void parse_layer_windows(const Json& config, std::string_view where, ModelSpec& spec);

}  // namespace hies::model
