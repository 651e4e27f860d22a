#include "hies/model/arch/decoder.h"
#include "hies/model/arch/decoder_config.h"

namespace hies::model {
namespace {

// Yang et al. 2025. Queries and keys are normalised, head by head, before they are rotated.
class Qwen3Arch : public LlamaLikeArch {
 public:
  std::string_view model_type() const noexcept override { return "qwen3"; }
  std::string_view description() const noexcept override { return "Qwen3, language model or sequence classification"; }

  // llama.cpp's architecture with other numbers in each layer knows no norms of queries and keys.
  Portability portability() const noexcept override {
    return {.pruned_heads = false, .head_dim = true, .served = true, .per_layer = false};
  }

  ModelSpec parse(const Json& config, std::string_view where) const override {
    ModelSpec spec = parse_llama_like(config, where, "qwen3", "Qwen3", 128);
    spec.decoder.qk_norm = true;
    spec.decoder.qkv_bias = spec.decoder.output_bias = value_or<bool>(config, "attention_bias", false, where);
    parse_layer_windows(config, where, spec);
    return spec;
  }
};

}  // namespace

const Arch& qwen3_arch() {
  static const Qwen3Arch arch;
  return arch;
}

}  // namespace hies::model
