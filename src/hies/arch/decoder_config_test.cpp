// config.json of decoders: the spellings that there are, and what is refused by name.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "hies/base/error.h"
#include "hies/model/arch/arch.h"

namespace hies::model {
namespace {

Json llama() {
  return parse_json(R"({"model_type": "llama", "architectures": ["LlamaForCausalLM"], "vocab_size": 32, "hidden_size": 24,
    "intermediate_size": 40, "num_hidden_layers": 3, "num_attention_heads": 4, "num_key_value_heads": 2,
    "max_position_embeddings": 64})",
                    "config");
}

Json gpt2() {
  return parse_json(R"({"model_type": "gpt2", "vocab_size": 32, "n_embd": 24, "n_layer": 2, "n_head": 4, "n_positions": 20})",
                    "config");
}

ModelSpec parse(const Json& config) {
  return find_arch(config["model_type"].get<std::string>(), "config").parse(config, "config");
}

// The error that config.json gives, as "kind: message".
std::string error_of(const Json& config) {
  try {
    parse(config);
  } catch (const Error& error) {
    return (error.kind() == ErrorKind::unsupported ? "unsupported: " : "bad_input: ") + std::string(error.what());
  }
  return "none";
}

Json with(Json config, const std::string& key, const char* value) {
  config[key] = parse_json(value, "value");
  return config;
}

TEST(DecoderConfig, Defaults) {
  const ModelSpec spec = parse(llama());
  EXPECT_EQ(spec.problem, Problem::causal_lm);
  EXPECT_TRUE(spec.causal);
  EXPECT_FALSE(spec.decoder.tied);
  EXPECT_EQ(spec.layers[0].head_dim, 6);
  EXPECT_EQ(spec.layers[0].kv_count(), 2);
  EXPECT_EQ(spec.decoder.rope.kind, RopeKind::standard);
  EXPECT_EQ(spec.decoder.rope.theta, 10000);
  EXPECT_EQ(spec.decoder.windows, std::vector<int>(3, 0));
  const ModelSpec second = parse(gpt2());
  EXPECT_TRUE(second.decoder.tied);
  EXPECT_EQ(second.intermediate, 96);
  EXPECT_EQ(second.decoder.rope.kind, RopeKind::none);
}

TEST(DecoderConfig, BothSpellingsOfTheRotation) {
  for (const char* key : {"rope_scaling", "rope_parameters"}) {
    for (const char* type : {"type", "rope_type"}) {
      Json config = llama();
      config["rope_theta"] = 5e5;
      config[key] = {{type, "linear"}, {"factor", 4.0}};
      const ModelSpec spec = parse(config);
      EXPECT_EQ(spec.decoder.rope.kind, RopeKind::linear);
      EXPECT_EQ(spec.decoder.rope.factor, 4);
      EXPECT_EQ(spec.decoder.rope.theta, 5e5);
      EXPECT_EQ(spec.positions, 256);
    }
  }
  Json config = llama();
  config["rope_parameters"] = {{"rope_type", "default"}, {"rope_theta", 777.0}};
  EXPECT_EQ(parse(config).decoder.rope.theta, 777);
}

TEST(DecoderConfig, ArchitecturesDecide) {
  Json config = llama();
  config["architectures"] = {"LlamaForSequenceClassification"};
  config["id2label"] = {{"0", "a"}, {"1", "b"}, {"2", "c"}};
  config["pad_token_id"] = 7;
  const ModelSpec spec = parse(config);
  EXPECT_EQ(spec.problem, Problem::classification);
  EXPECT_EQ(spec.labels.size(), 3u);
  EXPECT_EQ(spec.decoder.padding, 7);
  config["architectures"] = {"LlamaModel"};
  EXPECT_EQ(parse(config).problem, Problem::causal_lm);
  config.erase("architectures");
  EXPECT_EQ(parse(config).problem, Problem::causal_lm);
  config["architectures"] = {"LlamaForTokenClassification"};
  EXPECT_NE(error_of(config).find("unsupported: config: architecture 'LlamaForTokenClassification'"), std::string::npos);
}

TEST(DecoderConfig, WindowsOfEachFamily) {
  Json config = llama();
  config["model_type"] = "mistral";
  config["architectures"] = {"MistralForCausalLM"};
  EXPECT_EQ(parse(config).decoder.windows, std::vector<int>(3, 4096));  // transformers' default
  EXPECT_EQ(parse(with(config, "sliding_window", "null")).decoder.windows, std::vector<int>(3, 0));
  EXPECT_EQ(parse(with(config, "sliding_window", "9")).decoder.windows, std::vector<int>(3, 9));
  config["model_type"] = "qwen2";
  config["architectures"] = {"Qwen2ForCausalLM"};
  config["sliding_window"] = 9;
  config["max_window_layers"] = 1;
  EXPECT_EQ(parse(config).decoder.windows, std::vector<int>(3, 0));  // not used unless use_sliding_window
  config["use_sliding_window"] = true;
  EXPECT_EQ(parse(config).decoder.windows, (std::vector<int>{0, 9, 9}));
  config["layer_types"] = {"sliding_attention", "full_attention", "sliding_attention"};
  EXPECT_EQ(parse(config).decoder.windows, (std::vector<int>{9, 0, 9}));
  config["layer_types"][1] = "linear_attention";
  EXPECT_NE(error_of(config).find("unsupported"), std::string::npos);
}

TEST(DecoderConfig, RefusesByName) {
  const auto refused = [](const std::string& key, const char* value, const std::string& name) {
    const std::string error = error_of(with(llama(), key, value));
    EXPECT_TRUE(error.starts_with("unsupported") && error.find(name) != std::string::npos) << error;
  };
  refused("num_local_experts", "8", "num_local_experts");
  refused("num_experts", "4", "num_experts");
  refused("kv_lora_rank", "512", "kv_lora_rank");
  refused("quantization_config", R"({"bits": 4})", "quantization_config");
  refused("rope_scaling", R"({"rope_type": "longrope"})", "longrope");
  refused("rope_scaling", R"({"type": "su"})", "su");
  refused("partial_rotary_factor", "0.5", "partial_rotary_factor");
  refused("hidden_act", R"("xielu")", "xielu");
  EXPECT_EQ(error_of(with(llama(), "num_experts", "0")), "none");
  EXPECT_NE(error_of(with(gpt2(), "scale_attn_by_inverse_layer_idx", "true")).find("unsupported"), std::string::npos);
}

TEST(DecoderConfig, RefusesNonsense) {
  const auto bad = [](const std::string& key, const char* value) {
    const std::string error = error_of(with(llama(), key, value));
    EXPECT_TRUE(error.starts_with("bad_input")) << key << " " << value << ": " << error;
  };
  bad("num_key_value_heads", "3");
  bad("num_key_value_heads", "8");
  bad("head_dim", "5");
  bad("rope_scaling", R"({"rope_type": "linear"})");
  bad("rope_scaling", R"({"rope_type": "linear", "factor": -2})");
  bad("rope_scaling", R"({"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0})");
  bad("rope_theta", "0");
  bad("rope_theta", "\"10000\"");
  bad("architectures", "\"LlamaForCausalLM\"");
}

// Slices of all heads cover each head's tensors once.
TEST(DecoderSlices, CoverTheirTensors) {
  for (const char* kv_heads : {"1", "2", "4"}) {
    Json config = with(llama(), "num_key_value_heads", kv_heads);
    config["attention_bias"] = true;
    for (const ModelSpec& spec : {parse(config), parse(gpt2())}) {
      const Arch& arch = find_arch(spec.model_type, "config");
      std::map<std::string, std::vector<int>> covered;
      for (const TensorDecl& decl : arch.tensors(spec))
        if (decl.layer == 1)
          covered[decl.name].assign(static_cast<std::size_t>(*std::max_element(decl.shape.begin(), decl.shape.end())), 0);
      std::set<std::string> named;
      const auto cover = [&](const std::vector<HeadSlice>& slices) {
        for (const HeadSlice& slice : slices) {
          named.insert(slice.tensor);
          for (auto i = slice.begin; i < slice.end; ++i) ++covered.at(slice.tensor)[static_cast<std::size_t>(i)];
        }
      };
      for (int head = 0; head < spec.layers[1].count(); ++head) cover(arch.head_slices(spec, 1, head));
      for (int head = 0; head < spec.layers[1].kv_count(); ++head) cover(arch.kv_slices(spec, 1, head));
      EXPECT_EQ(named.size(), spec.model_type == "gpt2" ? 3u : 7u);
      for (const TensorDecl& decl : arch.tensors(spec)) {
        if (!named.contains(decl.name)) continue;
        const auto slices = covered.at(decl.name);
        for (const int times : slices) EXPECT_LE(times, 1) << decl.name;
      }
    }
  }
}

}  // namespace
}  // namespace hies::model
