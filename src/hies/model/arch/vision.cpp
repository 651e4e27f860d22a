#include "hies/model/arch/vision.h"

#include <utility>

#include "hies/base/error.h"
#include "hies/base/json_node.h"
#include "hies/model/arch/config.h"

namespace hies::model {
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

VisionSpec parse_patches(const Json& config, std::string_view where, int patch_size) {
  VisionSpec vision;
  std::tie(vision.height, vision.width) = size_of(config, "image_size", 224, where);
  std::tie(vision.patch_height, vision.patch_width) = size_of(config, "patch_size", patch_size, where);
  if (vision.patch_height > vision.height || vision.patch_width > vision.width)
    bad_input("{}: patches of {}×{} pixels do not fit into images of {}×{}", where, vision.patch_height, vision.patch_width,
              vision.height, vision.width);
  vision.channels = JsonNode(config, where).holds("num_channels") ? require_count(config, "num_channels", where, 1, 1 << 10) : 3;
  if (vision.channels != 1 && vision.channels != 3)
    unsupported("{}: num_channels {} is not supported (1 and 3 are)", where, vision.channels);
  vision.qkv_bias = value_or<bool>(config, "qkv_bias", true, where);
  return vision;
}

}  // namespace

ModelSpec parse_vision_config(const Json& config, std::string_view where, std::string_view model_type, double norm_epsilon,
                              int patch_size) {
  ModelSpec spec;
  spec.model_type = model_type;
  spec.hidden = require_count(config, "hidden_size", where);
  spec.norm_epsilon = value_or<double>(config, "layer_norm_eps", norm_epsilon, where);
  spec.activation = parse_activation(value_or<std::string>(config, "hidden_act", "gelu", where));
  spec.vision = parse_patches(config, where, patch_size);
  spec.positions = spec.vision.tokens(spec.vision.height, spec.vision.width);
  HeadCounts counts;
  counts.layers = require_count(config, "num_hidden_layers", where, 1, kMostLayers);
  counts.heads = counts.kv_heads = require_count(config, "num_attention_heads", where, 1, kMostHeads);
  counts.head_dim = JsonNode(config, where).holds("head_dim")
                        ? require_count(config, "head_dim", where)
                        : head_dim_of(spec.hidden, counts.heads, "num_attention_heads", where);
  spec.layers = parse_layout(config, where, counts);
  parse_task(config, where, spec);
  return spec;
}

std::vector<std::string> VisionArch::leading_tokens(const ModelSpec& spec) const {
  std::vector<std::string> names = {embedding("cls_token")};
  if (spec.vision.leading == 2) names.push_back(embedding("distillation_token"));
  return names;
}

std::vector<TensorDecl> VisionArch::tensors(const ModelSpec& spec) const {
  const VisionSpec& vision = spec.vision;
  const VisionNames n = names(spec);
  const std::int64_t E = spec.hidden;
  std::vector<TensorDecl> all;
  for (const std::string& token : leading_tokens(spec)) all.push_back({token, {1, 1, E}, TensorUse::lookup, -1, false});
  all.push_back({embedding("position_embeddings"), {1, spec.positions, E}, TensorUse::lookup, -1, false});
  const std::string patches = embedding("patch_embeddings.projection");
  all.push_back(
      {patches + ".weight", {E, vision.channels, vision.patch_height, vision.patch_width}, TensorUse::per_token, -1, false});
  all.push_back({patches + ".bias", {E}, TensorUse::lookup, -1, false});
  for (int layer = 0; layer < spec.layer_count(); ++layer) {
    const LayerHeads& heads = spec.heads(layer);
    const std::int64_t width = std::int64_t{heads.count()} * heads.head_dim;
    const auto name = [&](const std::string& part) { return in_layer(layer, part); };
    declare_norm(all, name(n.attention_norm), E, layer);
    for (const std::string& part : {n.query, n.key, n.value}) {
      all.push_back({name(part) + ".weight", {width, E}, TensorUse::per_token, layer, false});
      if (vision.qkv_bias) all.push_back({name(part) + ".bias", {width}, TensorUse::lookup, layer, false});
    }
    declare_linear(all, name(n.output), E, width, TensorUse::per_token, layer);
    if (vision.layer_scale) all.push_back({name(n.attention_scale), {E}, TensorUse::lookup, layer, false});
    declare_norm(all, name(n.mlp_norm), E, layer);
    declare_linear(all, name(n.up), std::int64_t{vision.gated ? 2 : 1} * spec.intermediate, E, TensorUse::per_token, layer);
    declare_linear(all, name(n.down), E, spec.intermediate, TensorUse::per_token, layer);
    if (vision.layer_scale) all.push_back({name(n.mlp_scale), {E}, TensorUse::lookup, layer, false});
  }
  declare_norm(all, final_norm(), E, -1);
  for (TensorDecl& decl : head_tensors(spec)) all.push_back(std::move(decl));
  return all;
}

std::vector<HeadSlice> VisionArch::head_slices(const ModelSpec& spec, int layer, int position) const {
  const VisionNames n = names(spec);
  return own_slices(in_layer(layer, n.query), in_layer(layer, n.key), in_layer(layer, n.value), in_layer(layer, n.output),
                    position, spec.heads(layer).head_dim, spec.vision.qkv_bias);
}

std::vector<HeadSlice> VisionArch::kv_slices(const ModelSpec&, int, int) const { return {}; }

void VisionArch::write_heads(Json& config, int heads, int /*kv_heads*/, int head_dim) const {
  config["num_attention_heads"] = heads;
  config["head_dim"] = head_dim;
}

}  // namespace hies::model
