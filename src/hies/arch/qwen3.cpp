#include "hies/arch/decoder_config.h"
#include "hies/arch/family.h"
#include "hies/base/error.h"

namespace hies::arch {
namespace {

model::ModelSpec parse_qwen3(const Json& config, std::string_view where) {
  const bool bias = value_or<bool>(config, "attention_bias", false, where);
  model::ModelSpec spec = parse_llama_like(config, where, "qwen3", "Qwen3", {.query_key_value = bias, .output = bias}, 128);
  for (int i = 0; i < spec.layer_count(); ++i) {
    model::AttentionSpec& attention = spec.layers[static_cast<std::size_t>(i)].attention;
    attention.query_norm = rms_norm(fmt::format("model.layers.{}.self_attn.q_norm", i), attention.norm.epsilon);
    attention.key_norm = rms_norm(fmt::format("model.layers.{}.self_attn.k_norm", i), attention.norm.epsilon);
  }
  parse_layer_windows(config, where, spec);
  return spec;
}

}  // namespace

// Yang et al. 2025. Queries and keys are normalised, head by head, before they are rotated. llama.cpp's architecture with other
// numbers in each layer knows no such norms.
const Family& qwen3() {
  static const Family family = {"qwen3",     "Qwen3, language model or sequence classification",
                                "model.",    {.head_dim = true, .served = true},
                                parse_qwen3, write_llama_heads};
  return family;
}

}  // namespace hies::arch
