#include "hies/arch/decoder_config.h"
#include "hies/arch/family.h"

namespace hies::arch {
namespace {

model::ModelSpec parse_llama(const Json& config, std::string_view where) {
  const bool attention = value_or<bool>(config, "attention_bias", false, where);
  const LlamaBiases biases{attention, attention, value_or<bool>(config, "mlp_bias", false, where)};
  return parse_llama_like(config, where, "llama", "Llama", biases);
}

bool has_biases(const Json& config) {
  const auto is_true = [&](const char* key) { return config.contains(key) && config[key] == true; };
  return is_true("attention_bias") || is_true("mlp_bias");
}

bool divides(const Json& config, int heads) { return config["hidden_size"].get<std::int64_t>() % heads == 0; }

// transformers' LLaMA wants a hidden size that is a multiple of the number of heads, whatever their size; its Mistral without a window
// is the same model, but for biases, and does not.
bool takes_heads(const Json& config, const HeadNumbers& numbers) { return divides(config, numbers.heads) || !has_biases(config); }

void write_llama_or_mistral_heads(Json& config, const HeadNumbers& numbers) {
  write_llama_heads(config, numbers);
  if (divides(config, numbers.heads) || has_biases(config)) return;
  config["model_type"] = "mistral";
  config["sliding_window"] = nullptr;
  if (!config.contains("architectures") || !config["architectures"].is_array()) return;
  for (Json& name : config["architectures"])
    if (name.is_string() && name.get<std::string>().starts_with("Llama"))
      name = "Mistral" + name.get<std::string>().substr(std::string_view("Llama").size());
}

}  // namespace

// Touvron et al. 2023; versions 1 to 3.
const Family& llama() {
  static const Family family = {"llama",     "LLaMA 1 to 3, language model or sequence classification",
                                "model.",    {.head_dim = true, .served = true, .per_layer = true},
                                parse_llama, write_llama_or_mistral_heads,
                                takes_heads};
  return family;
}

}  // namespace hies::arch
