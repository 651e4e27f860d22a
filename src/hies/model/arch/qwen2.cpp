#include "hies/model/arch/decoder.h"
#include "hies/model/arch/decoder_config.h"

namespace hies::model {
namespace {

// Yang et al. 2024; 2 and 2.5. Queries, keys and values have biases.
class Qwen2Arch : public LlamaLikeArch {
 public:
  std::string_view model_type() const noexcept override { return "qwen2"; }
  std::string_view description() const noexcept override {
    return "Qwen2 and Qwen2.5, language model or sequence classification";
  }

  ModelSpec parse(const Json& config, std::string_view where) const override {
    ModelSpec spec = parse_llama_like(config, where, "qwen2", "Qwen2");
    spec.decoder.qkv_bias = true;
    parse_layer_windows(config, where, spec);
    return spec;
  }
};

}  // namespace

const Arch& qwen2_arch() {
  static const Qwen2Arch arch;
  return arch;
}

}  // namespace hies::model
