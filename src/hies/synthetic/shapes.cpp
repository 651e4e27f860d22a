#include "hies/synthetic/shapes.h"

#include <array>
#include <vector>

#include "hies/base/error.h"
#include "hies/base/suggest.h"

namespace hies::synthetic {
namespace {

// The shapes of published models of about these sizes.
struct Size {
  std::string_view family, name;
  std::int64_t hidden, layers, heads, kv_heads, head_dim, intermediate, vocabulary, positions;
};

constexpr std::array kSizes = {
    Size{"llama", "tiny", 64, 2, 4, 2, 16, 128, 256, 128},
    Size{"llama", "1b", 2048, 22, 32, 4, 64, 5632, 32000, 2048},     // TinyLlama
    Size{"llama", "7b", 4096, 32, 32, 32, 128, 11008, 32000, 4096},  // LLaMA-2
    Size{"mistral", "tiny", 64, 2, 4, 2, 16, 128, 256, 128},
    Size{"mistral", "1b", 2048, 24, 32, 8, 64, 5632, 32000, 32768},
    Size{"mistral", "7b", 4096, 32, 32, 8, 128, 14336, 32000, 32768},
    Size{"qwen2", "tiny", 64, 2, 4, 2, 16, 128, 256, 128},
    Size{"qwen2", "1b", 1536, 28, 12, 2, 128, 8960, 151936, 32768},
    Size{"qwen2", "7b", 3584, 28, 28, 4, 128, 18944, 152064, 32768},
    Size{"qwen3", "tiny", 64, 2, 4, 2, 32, 128, 256, 128},
    Size{"qwen3", "1b", 2048, 28, 16, 8, 128, 6144, 151936, 40960},
    Size{"qwen3", "7b", 4096, 36, 32, 8, 128, 12288, 151936, 40960},
    Size{"gpt2", "tiny", 64, 2, 4, 4, 16, 256, 256, 128},
    Size{"gpt2", "1b", 1600, 48, 25, 25, 64, 6400, 50257, 1024},
    Size{"gpt2", "7b", 4096, 32, 32, 32, 128, 16384, 50257, 2048},
    Size{"bert", "tiny", 64, 2, 4, 4, 16, 128, 256, 128},
    Size{"bert", "1b", 2048, 24, 32, 32, 64, 8192, 30522, 512},
    Size{"bert", "7b", 4096, 32, 32, 32, 128, 16384, 30522, 512},
    // For image models `vocabulary` is the number of labels and `positions` the pixels of a side.
    Size{"vit", "tiny", 64, 2, 4, 4, 16, 128, 10, 32},
    Size{"vit", "base", 768, 12, 12, 12, 64, 3072, 1000, 224},
    Size{"vit", "large", 1024, 24, 16, 16, 64, 4096, 1000, 224},
};

const Size& find_size(std::string_view family, std::string_view name) {
  std::vector<std::string> names;
  for (const Size& size : kSizes) {
    if (size.family != family) continue;
    if (size.name == name) return size;
    names.emplace_back(size.name);
  }
  throw Error(ErrorKind::bad_input, fmt::format("unknown size '{}'", printable(name)), known_names_hint(name, names));
}

// The config.json of LLaMA and of the families that use its names.
Json llama_like(const ShapeOptions& s, const char* architecture, const char* model_type) {
  return {{"architectures", {architecture}},
          {"model_type", model_type},
          {"hidden_size", *s.hidden},
          {"intermediate_size", *s.intermediate},
          {"num_hidden_layers", *s.layers},
          {"num_attention_heads", *s.heads},
          {"num_key_value_heads", *s.kv_heads},
          {"head_dim", *s.head_dim},
          {"vocab_size", *s.vocabulary},
          {"max_position_embeddings", *s.positions},
          {"hidden_act", "silu"},
          {"rms_norm_eps", 1e-5},
          {"rope_theta", 10000.0},
          {"tie_word_embeddings", false},
          {"bos_token_id", 1},
          {"eos_token_id", 2}};
}

Json llama(const ShapeOptions& s) { return llama_like(s, "LlamaForCausalLM", "llama"); }
Json mistral(const ShapeOptions& s) {
  Json config = llama_like(s, "MistralForCausalLM", "mistral");
  config["sliding_window"] = nullptr;
  return config;
}
Json qwen2(const ShapeOptions& s) {
  Json config = llama_like(s, "Qwen2ForCausalLM", "qwen2");
  config["use_sliding_window"] = false;
  return config;
}
Json qwen3(const ShapeOptions& s) {
  Json config = llama_like(s, "Qwen3ForCausalLM", "qwen3");
  config["attention_bias"] = false;
  config["use_sliding_window"] = false;
  return config;
}
Json gpt2(const ShapeOptions& s) {
  return {{"architectures", {"GPT2LMHeadModel"}}, {"model_type", "gpt2"},        {"n_embd", *s.hidden},
          {"n_inner", *s.intermediate},           {"n_layer", *s.layers},        {"n_head", *s.heads},
          {"n_positions", *s.positions},          {"vocab_size", *s.vocabulary}, {"activation_function", "gelu_new"},
          {"layer_norm_epsilon", 1e-5},           {"tie_word_embeddings", true}, {"bos_token_id", *s.vocabulary - 1},
          {"eos_token_id", *s.vocabulary - 1}};
}
Json bert(const ShapeOptions& s) {
  return {{"architectures", {"BertForSequenceClassification"}},
          {"model_type", "bert"},
          {"hidden_size", *s.hidden},
          {"intermediate_size", *s.intermediate},
          {"num_hidden_layers", *s.layers},
          {"num_attention_heads", *s.heads},
          {"vocab_size", *s.vocabulary},
          {"type_vocab_size", 2},
          {"max_position_embeddings", *s.positions},
          {"hidden_act", "gelu"},
          {"layer_norm_eps", 1e-12},
          {"pad_token_id", 0}};
}

Json vit(const ShapeOptions& s) {
  Json labels = Json::object(), ids = Json::object();
  for (std::int64_t i = 0; i < *s.vocabulary; ++i) {
    const std::string name = fmt::format("LABEL_{}", i);
    labels[std::to_string(i)] = name;
    ids[name] = i;
  }
  return {{"architectures", {"ViTForImageClassification"}},
          {"model_type", "vit"},
          {"hidden_size", *s.hidden},
          {"intermediate_size", *s.intermediate},
          {"num_hidden_layers", *s.layers},
          {"num_attention_heads", *s.heads},
          {"image_size", *s.positions},
          {"patch_size", *s.positions < 64 ? 4 : 16},
          {"num_channels", 3},
          {"qkv_bias", true},
          {"hidden_act", "gelu"},
          {"layer_norm_eps", 1e-12},
          {"id2label", labels},
          {"label2id", ids}};
}

constexpr std::array kFamilies = {ShapeFamily{"llama", llama}, ShapeFamily{"mistral", mistral}, ShapeFamily{"qwen2", qwen2},
                                  ShapeFamily{"qwen3", qwen3}, ShapeFamily{"gpt2", gpt2},       ShapeFamily{"bert", bert},
                                  ShapeFamily{"vit", vit}};

const ShapeFamily& find_family(std::string_view name) {
  std::vector<std::string> names;
  for (const ShapeFamily& family : kFamilies) {
    if (family.name == name) return family;
    names.emplace_back(family.name);
  }
  throw Error(ErrorKind::bad_input, fmt::format("no checkpoint of family '{}' can be made", printable(name)),
              known_names_hint(name, names));
}

// Returns whether each query head of the family has its own KV head, of hidden / heads numbers.
bool has_plain_heads(std::string_view family) { return family == "gpt2" || family == "bert" || family == "vit"; }

}  // namespace

std::span<const ShapeFamily> shape_families() noexcept { return kFamilies; }

Json made_config(std::string_view family, const ShapeOptions& options) {
  const ShapeFamily& found = find_family(family);
  const Size& size = find_size(family, options.size);
  ShapeOptions shape = options;
  const auto fill = [](std::optional<std::int64_t>& value, std::int64_t usual) {
    if (!value) value = usual;
  };
  for (const auto& [name, value] : {std::pair("hidden", options.hidden),
                                    {"layers", options.layers},
                                    {"heads", options.heads},
                                    {"kv_heads", options.kv_heads},
                                    {"head_dim", options.head_dim},
                                    {"intermediate", options.intermediate},
                                    {"vocabulary", options.vocabulary},
                                    {"positions", options.positions}})
    if (value && (*value < 1 || *value > 1 << 30)) bad_input("`{}` is {}, but it must be 1 … {}", name, *value, 1 << 30);
  // Where only one of hidden and heads is given the other follows from it; KV heads are shared as in the named size.
  fill(shape.hidden, size.hidden);
  fill(shape.heads, options.hidden && !options.head_dim ? std::max<std::int64_t>(*shape.hidden / size.head_dim, 1) : size.heads);
  fill(shape.kv_heads, options.heads || options.hidden ? *shape.heads : size.kv_heads);
  fill(shape.head_dim, options.hidden || options.heads ? std::max<std::int64_t>(*shape.hidden / *shape.heads, 1) : size.head_dim);
  fill(shape.layers, size.layers);
  fill(shape.intermediate, size.intermediate);
  fill(shape.vocabulary, size.vocabulary);
  fill(shape.positions, size.positions);
  if (has_plain_heads(family)) {
    if (options.kv_heads && *options.kv_heads != *shape.heads)
      bad_input("`kv_heads` is {}, but each of the {} heads of {} has its own keys and values", *options.kv_heads, *shape.heads,
                family);
    if (options.head_dim && *options.head_dim * *shape.heads != *shape.hidden)
      bad_input("`head_dim` is {}, but heads of {} are hidden / heads = {} / {}", *options.head_dim, family, *shape.hidden,
                *shape.heads);
  }
  return found.config(shape);
}

}  // namespace hies::synthetic
