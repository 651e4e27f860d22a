#include "hies/arch/decoder_config.h"
#include "hies/arch/family.h"

namespace hies::arch {
namespace {

model::ModelSpec parse_qwen2(const Json& config, std::string_view where) {
  model::ModelSpec spec = parse_llama_like(config, where, "qwen2", "Qwen2", {.query_key_value = true});
  parse_layer_windows(config, where, spec);
  return spec;
}

}  // namespace

// Yang et al. 2024; 2 and 2.5. Queries, keys and values have biases.
const Family& qwen2() {
  static const Family family = {"qwen2",     "Qwen2 and Qwen2.5, language model or sequence classification",
                                "model.",    {.head_dim = true, .served = true, .per_layer = true},
                                parse_qwen2, write_llama_heads};
  return family;
}

}  // namespace hies::arch
