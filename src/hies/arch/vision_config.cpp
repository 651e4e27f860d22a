#include "hies/arch/vision_config.h"

#include <tuple>
#include <utility>

#include "hies/arch/encoder_task.h"
#include "hies/base/error.h"
#include "hies/base/json_node.h"

namespace hies::arch {
namespace {

constexpr int kMostPixels = 1 << 16;  // of a side

// A number, or a list of height and width.
std::pair<int, int> size_of(const Json& config, std::string_view key, int usual, std::string_view where) {
  const Json* value = find_member(config, key, where);
  if (value == nullptr || value->is_null()) return {usual, usual};
  if (!value->is_array()) {
    const int side = require_count(config, key, where, 1, kMostPixels);
    return {side, side};
  }
  if (value->size() != 2) json_type_error(*value, key, "a number, or a height and a width", where);
  const auto side = [&](std::size_t i) {
    const auto number = detail::json_as<std::int64_t>((*value)[i], key, where);
    if (number < 1 || number > kMostPixels) bad_input("{}: {} holds {}, but it must be 1 … {}", where, key, number, kMostPixels);
    return static_cast<int>(number);
  };
  return {side(0), side(1)};
}

model::VisionSpec parse_patches(const Json& config, std::string_view where, int patch_size) {
  model::VisionSpec vision;
  std::tie(vision.height, vision.width) = size_of(config, "image_size", 224, where);
  std::tie(vision.patch_height, vision.patch_width) = size_of(config, "patch_size", patch_size, where);
  if (vision.patch_height > vision.height || vision.patch_width > vision.width)
    bad_input("{}: patches of {}×{} pixels do not fit into images of {}×{}", where, vision.patch_height, vision.patch_width,
              vision.height, vision.width);
  vision.channels = JsonNode(config, where).holds("num_channels") ? require_count(config, "num_channels", where, 1, 1 << 10) : 3;
  if (vision.channels != 1 && vision.channels != 3)
    unsupported("{}: num_channels {} is not supported (1 and 3 are)", where, vision.channels);
  return vision;
}

model::LayerSpec vision_layer(const std::string& name, const VisionNames& names, double epsilon, bool bias,
                              model::Activation activation) {
  const auto scale = [&name](const std::string& part) { return part.empty() ? std::string() : name + part; };
  model::LayerSpec layer;
  layer.attention.norm = layer_norm(name + names.attention_norm, epsilon);
  layer.attention.query = matrix(name + "attention.attention.query", bias);
  layer.attention.key = matrix(name + "attention.attention.key", bias);
  layer.attention.value = matrix(name + "attention.attention.value", bias);
  layer.attention.output = matrix(name + "attention.output.dense");
  layer.attention.scale = scale(names.attention_scale);
  layer.ffn.norm = layer_norm(name + names.ffn_norm, epsilon);
  layer.ffn.up = matrix(name + names.up);
  if (names.gated) {
    layer.ffn.gate = layer.ffn.up;
    layer.ffn.gate->parts = layer.ffn.up.parts = 2;
    layer.ffn.up.part = 1;
  }
  layer.ffn.down = matrix(name + names.down);
  layer.ffn.scale = scale(names.ffn_scale);
  layer.ffn.activation = names.gated ? model::Activation::silu : activation;
  return layer;
}

}  // namespace

model::ModelSpec parse_vision(const Json& config, std::string_view where, const VisionClass& family,
                              const std::vector<std::string>& leading, int neurons, const VisionNames& names,
                              const VisionDefaults& defaults) {
  model::ModelSpec spec;
  spec.model_type = family.model_type;
  spec.norm_order = model::NormOrder::pre;
  spec.hidden = require_count(config, "hidden_size", where);
  const auto epsilon = value_or<double>(config, "layer_norm_eps", defaults.norm_epsilon, where);
  const model::Activation activation = model::parse_activation(value_or<std::string>(config, "hidden_act", "gelu", where));
  const std::string prefix = family.model_type + ".", embeddings = prefix + "embeddings.";
  spec.vision = parse_patches(config, where, defaults.patch_size);
  for (const std::string& token : leading) spec.vision.leading.push_back(embeddings + token);
  spec.vision.position = embeddings + "position_embeddings";
  spec.vision.patches = matrix(embeddings + "patch_embeddings.projection");
  spec.positions = spec.vision.tokens(spec.vision.height, spec.vision.width);
  UnitCounts counts;
  counts.neurons = neurons;
  counts.layers = require_count(config, "num_hidden_layers", where, 1, kMostLayers);
  counts.heads = counts.kv_heads = require_count(config, "num_attention_heads", where, 1, kMostHeads);
  counts.head_dim = JsonNode(config, where).holds("head_dim")
                        ? require_count(config, "head_dim", where)
                        : head_dim_of(spec.hidden, counts.heads, "num_attention_heads", where);
  spec.layout = parse_layout(config, where, counts);
  parse_encoder_task(config, where, {family.stem}, spec);
  const bool bias = value_or<bool>(config, "qkv_bias", true, where);
  for (int i = 0; i < counts.layers; ++i)
    spec.layers.push_back(vision_layer(fmt::format("{}encoder.layer.{}.", prefix, i), names, epsilon, bias, activation));
  spec.final_norm = layer_norm(prefix + "layernorm", epsilon);
  return spec;
}

std::vector<OtherName> attention_names_of_transformers_5() {
  return {{".attention.attention.query", ".attention.q_proj"},
          {".attention.attention.key", ".attention.k_proj"},
          {".attention.attention.value", ".attention.v_proj"},
          {".attention.output.dense", ".attention.o_proj"}};
}

std::vector<OtherName> names_of_transformers_5(const std::string& model_type) {
  std::vector<OtherName> names = attention_names_of_transformers_5();
  names.push_back({model_type + ".encoder.layer.", model_type + ".layers."});
  names.push_back({".intermediate.dense", ".mlp.fc1"});
  names.push_back({".output.dense", ".mlp.fc2"});
  return names;
}

void write_vision_heads(Json& config, const HeadNumbers& numbers) {
  config["num_attention_heads"] = numbers.heads;
  config["head_dim"] = numbers.head_dim;
}

}  // namespace hies::arch
