#pragma once

#include <string>
#include <string_view>

#include "hies/base/json.h"
#include "hies/model/spec.h"

namespace hies::model {

// The parts of a decoder's config.json. All throw bad_input, or unsupported with the name of what is not.

// Refuses mixtures of experts, latent attention and quantised weights, which change the tensors under the same names.
void refuse_other_decoders(const Json& config, std::string_view where);

// Fills problem, labels and padding: `architectures` decides between FAMILY + `causal_name` and FAMILY + "ForSequenceClassification".
void parse_decoder_task(const Json& config, std::string_view where, std::string_view family, std::string_view causal_name,
                        ModelSpec& spec);

// config.json as LLaMA and those after it share it, but for biases, norms of queries and keys, and windows (no window is set).
ModelSpec parse_llama_like(const Json& config, std::string_view where, std::string_view model_type, std::string_view family);

// Windows of Qwen2 and Qwen3: those layers that `layer_types` or max_window_layers says, if use_sliding_window.
void parse_layer_windows(const Json& config, std::string_view where, ModelSpec& spec);

}  // namespace hies::model
