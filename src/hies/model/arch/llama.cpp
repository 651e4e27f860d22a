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

  // transformers' LLaMA wants a hidden size that is a multiple of the heads, whatever their size; its Mistral without a window is the
  // same model, but for biases, and does not.
  void write_heads(Json& config, int heads, int kv_heads, int head_dim) const override {
    LlamaLikeArch::write_heads(config, heads, kv_heads, head_dim);
    const auto is_true = [&](const char* key) { return config.contains(key) && config[key] == true; };
    const bool fits = config["hidden_size"].get<std::int64_t>() % heads == 0;
    if (fits || is_true("attention_bias") || is_true("mlp_bias")) return;
    config["model_type"] = "mistral";
    config["sliding_window"] = nullptr;
    if (!config.contains("architectures") || !config["architectures"].is_array()) return;
    for (Json& name : config["architectures"])
      if (name.is_string() && name.get<std::string>().starts_with("Llama"))
        name = "Mistral" + name.get<std::string>().substr(std::string_view("Llama").size());
  }
};

}  // namespace

const Arch& llama_arch() {
  static const LlamaArch arch;
  return arch;
}

}  // namespace hies::model
