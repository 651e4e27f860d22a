#include "hies/model/arch/decoder.h"
#include "hies/model/arch/decoder_config.h"

namespace hies::model {
namespace {

// Touvron et al. 2023; versions 1 to 3.
class LlamaArch : public LlamaLikeArch {
 public:
  std::string_view model_type() const noexcept override { return "llama"; }
  std::string_view description() const noexcept override { return "LLaMA 1 to 3, language model or sequence classification"; }

  ModelSpec parse(const Json& config, std::string_view where) const override {
    ModelSpec spec = parse_llama_like(config, where, "llama", "Llama");
    spec.decoder.qkv_bias = spec.decoder.output_bias = value_or<bool>(config, "attention_bias", false, where);
    spec.decoder.mlp_bias = value_or<bool>(config, "mlp_bias", false, where);
    return spec;
  }
};

}  // namespace

const Arch& llama_arch() {
  static const LlamaArch arch;
  return arch;
}

}  // namespace hies::model
