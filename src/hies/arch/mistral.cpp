#include "hies/arch/decoder_config.h"
#include "hies/arch/family.h"

namespace hies::arch {
namespace {

model::ModelSpec parse_mistral(const Json& config, std::string_view where) {
  model::ModelSpec spec = parse_llama_like(config, where, "mistral", "Mistral", {});
  // Absent is transformers' 4096, null is none.
  const Json* stated = find_member(config, "sliding_window", where);
  if (stated != nullptr && stated->is_null()) return spec;
  const int window = stated == nullptr ? 4096 : require_count(config, "sliding_window", where);
  for (model::LayerSpec& layer : spec.layers) layer.attention.window = window;
  return spec;
}

}  // namespace

// Jiang et al. 2023: LLaMA with a sliding window in every layer.
const Family& mistral() {
  static const Family family = {"mistral",     "Mistral, language model or sequence classification",
                                "model.",      {.head_dim = true, .served = true, .per_layer = true},
                                parse_mistral, write_llama_heads};
  return family;
}

}  // namespace hies::arch
