#include "hies/model/arch/config.h"
#include "hies/model/arch/decoder.h"
#include "hies/model/arch/decoder_config.h"

namespace hies::model {
namespace {

// Jiang et al. 2023: LLaMA with a sliding window in every layer.
class MistralArch : public LlamaLikeArch {
 public:
  std::string_view model_type() const noexcept override { return "mistral"; }
  std::string_view description() const noexcept override { return "Mistral, language model or sequence classification"; }

  ModelSpec parse(const Json& config, std::string_view where) const override {
    ModelSpec spec = parse_llama_like(config, where, "mistral", "Mistral");
    // Absent is transformers' 4096, null is none.
    const Json* window = find_member(config, "sliding_window", where);
    if (window == nullptr) spec.decoder.windows.assign(spec.layers.size(), 4096);
    else if (!window->is_null()) spec.decoder.windows.assign(spec.layers.size(), require_count(config, "sliding_window", where));
    return spec;
  }
};

}  // namespace

const Arch& mistral_arch() {
  static const MistralArch arch;
  return arch;
}

}  // namespace hies::model
