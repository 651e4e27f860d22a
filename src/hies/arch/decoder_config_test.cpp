// config.json of decoders: the spellings that there are, and what is refused by name.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "hies/arch/config_hash.h"
#include "hies/arch/family.h"
#include "hies/base/error.h"
#include "hies/model/tensors.h"

namespace hies::arch {
namespace {

using model::ModelSpec;
using model::Problem;
using model::RopeKind;
using model::TensorDecl;

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
  return find_family(config["model_type"].get<std::string>(), "config").parse(config, "config");
}

std::vector<int> windows(const ModelSpec& spec) {
  std::vector<int> of_layers;
  for (const model::LayerSpec& layer : spec.layers) of_layers.push_back(layer.attention.window);
  return of_layers;
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
  EXPECT_FALSE(spec.head.tied);
  EXPECT_EQ(spec.layout.attention(0).unit_size, 6);
  EXPECT_EQ(spec.layout.attention(0).kv_count(), 2);
  EXPECT_EQ(spec.rope.kind, RopeKind::standard);
  EXPECT_EQ(spec.rope.theta, 10000);
  EXPECT_EQ(windows(spec), std::vector<int>(3, 0));
  const ModelSpec second = parse(gpt2());
  EXPECT_TRUE(second.head.tied);
  EXPECT_EQ(second.layout.ffn(1).count(), 96);
  EXPECT_EQ(second.rope.kind, RopeKind::none);
}

TEST(DecoderConfig, BothSpellingsOfTheRotation) {
  for (const char* key : {"rope_scaling", "rope_parameters"}) {
    for (const char* type : {"type", "rope_type"}) {
      Json config = llama();
      config["rope_theta"] = 5e5;
      config[key] = {{type, "linear"}, {"factor", 4.0}};
      const ModelSpec spec = parse(config);
      EXPECT_EQ(spec.rope.kind, RopeKind::linear);
      EXPECT_EQ(spec.rope.factor, 4);
      EXPECT_EQ(spec.rope.theta, 5e5);
      EXPECT_EQ(spec.positions, 256);
    }
  }
  Json config = llama();
  config["rope_parameters"] = {{"rope_type", "default"}, {"rope_theta", 777.0}};
  EXPECT_EQ(parse(config).rope.theta, 777);
}

TEST(DecoderConfig, ArchitecturesDecide) {
  Json config = llama();
  config["architectures"] = {"LlamaForSequenceClassification"};
  config["id2label"] = {{"0", "a"}, {"1", "b"}, {"2", "c"}};
  config["pad_token_id"] = 7;
  const ModelSpec spec = parse(config);
  EXPECT_EQ(spec.problem, Problem::classification);
  EXPECT_EQ(spec.labels.size(), 3u);
  EXPECT_EQ(spec.head.padding, 7);
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
  EXPECT_EQ(windows(parse(config)), std::vector<int>(3, 4096));  // transformers' default
  EXPECT_EQ(windows(parse(with(config, "sliding_window", "null"))), std::vector<int>(3, 0));
  EXPECT_EQ(windows(parse(with(config, "sliding_window", "9"))), std::vector<int>(3, 9));
  config["model_type"] = "qwen2";
  config["architectures"] = {"Qwen2ForCausalLM"};
  config["sliding_window"] = 9;
  config["max_window_layers"] = 1;
  EXPECT_EQ(windows(parse(config)), std::vector<int>(3, 0));  // not used unless use_sliding_window
  config["use_sliding_window"] = true;
  EXPECT_EQ(windows(parse(config)), (std::vector<int>{0, 9, 9}));
  config["layer_types"] = {"sliding_attention", "full_attention", "sliding_attention"};
  EXPECT_EQ(windows(parse(config)), (std::vector<int>{9, 0, 9}));
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
  Json decoder = with(llama(), "architectures", R"(["LlamaForSequenceClassification"])");
  EXPECT_EQ(error_of(with(decoder, "id2label", R"({"2147483647": "a"})")).find("bad_input: config: id2label has the key"), 0U);
}

// A config.json of a few bytes could ask for the memory of a machine.
TEST(DecoderConfig, RefusesMoreNeuronsThanAnyModelHas) {
  EXPECT_EQ(error_of(with(llama(), "intermediate_size", "22369621")), "none");  // 3 layers
  EXPECT_EQ(error_of(with(llama(), "intermediate_size", "22369622")),
            "bad_input: config: 3 layers with 67108866 neurons in all are more than any model has (at most 67108864 are read)");
}

// Slices of all units cover each of their tensors once.
TEST(DecoderSlices, CoverTheirTensors) {
  for (const char* kv_heads : {"1", "2", "4"}) {
    Json config = with(llama(), "num_key_value_heads", kv_heads);
    config["attention_bias"] = true;
    for (const ModelSpec& spec : {parse(config), parse(gpt2())}) {
      std::map<std::string, std::vector<int>> covered;
      for (const TensorDecl& decl : model::tensors(spec))
        if (decl.layer == 1)
          covered[decl.name].assign(static_cast<std::size_t>(*std::max_element(decl.shape.begin(), decl.shape.end())), 0);
      std::set<std::string> named;
      const auto cover = [&](const std::vector<model::Slice>& slices) {
        for (const model::Slice& slice : slices) {
          named.insert(slice.tensor);
          for (auto i = slice.begin; i < slice.end; ++i) ++covered.at(slice.tensor)[static_cast<std::size_t>(i)];
        }
      };
      for (const auto site : {model::attention_site(1), model::ffn_site(1)}) {
        for (int unit = 0; unit < spec.layout.at(site).count(); ++unit) cover(model::unit_slices(spec, site, unit));
        for (int head = 0; head < spec.layout.at(site).kv_count(); ++head) cover(model::kv_slices(spec, site, head));
      }
      EXPECT_EQ(named.size(), spec.model_type == "gpt2" ? 6u : 10u);
      for (const TensorDecl& decl : model::tensors(spec)) {
        if (!named.contains(decl.name)) continue;
        const auto slices = covered.at(decl.name);
        for (const int times : slices) EXPECT_LE(times, 1) << decl.name;
      }
    }
  }
}

TEST(ConfigHash, IsOfWhatChangesNumbers) {
  const auto hash = [](const Json& config) { return config_hash(parse(config)); };
  const std::string usual = hash(llama());
  EXPECT_EQ(usual.size(), 32u);
  // Defaults that are written out, another spelling, and what only training reads.
  for (const auto& [key, value] : {std::pair{"rope_theta", "10000.0"},
                                   {"hidden_act", "\"silu\""},
                                   {"initializer_range", "0.5"},
                                   {"rope_parameters", R"({"rope_type": "default", "rope_theta": 10000.0})"},
                                   {"use_cache", "false"},
                                   {"transformers_version", "\"5\""},
                                   {"torch_dtype", "\"float16\""}})
    EXPECT_EQ(hash(with(llama(), key, value)), usual) << key;
  for (const auto& [key, value] : {std::pair{"rope_theta", "10001.0"},
                                   {"hidden_act", "\"gelu\""},
                                   {"rms_norm_eps", "1e-5"},
                                   {"max_position_embeddings", "65"},
                                   {"num_key_value_heads", "4"},
                                   {"num_key_value_heads", "1"},
                                   {"pruned_heads", R"({"0": [1]})"}})
    EXPECT_NE(hash(with(llama(), key, value)), usual) << key;
  EXPECT_NE(hash(gpt2()), usual);
}

TEST(ConfigHash, KnowsWhatIsRemoved) {
  const auto hash = [](const char* block) { return config_hash(parse(with(llama(), "hies", block))); };
  const std::string one = hash(R"({"schema": "hies.pruned/2", "removed": {"attention": {"0": "1"}}})");
  EXPECT_EQ(hash(R"({"schema": "hies.pruned/2", "removed": {"attention": {"0": [1]}}, "history": [1]})"), one);
  EXPECT_EQ(
      hash(
          R"({"schema": "hies.pruned/1", "heads": [[0, 2, 3], [0, 1, 2, 3], [0, 1, 2, 3]], "kv_heads": [[0, 1], [0, 1], [0, 1]]})"),
      one);
  EXPECT_NE(hash(R"({"schema": "hies.pruned/2", "removed": {"attention": {"0": "0"}}})"), one);
  EXPECT_NE(hash(R"({"schema": "hies.pruned/2", "removed": {"attention": {"0": "1"}}, "padding": {"attention": {"0": "1"}}})"),
            one);
}

}  // namespace
}  // namespace hies::arch
