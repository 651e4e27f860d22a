#include "hies/arch/family.h"
#include "hies/arch/vision_config.h"
#include "hies/base/error.h"

namespace hies::arch {
namespace {

int neurons_of(const Json& config, std::string_view where, bool gated) {
  const auto ratio = value_or<double>(config, "mlp_ratio", 4, where);
  const double width = require_count(config, "hidden_size", where) * ratio;
  if (!(width >= 1 && width <= 1 << 30)) bad_input("{}: mlp_ratio is {}, which no feed-forward network can have", where, ratio);
  const int neurons = static_cast<int>(width);
  // Two thirds, rounded up to a multiple of 8.
  return gated ? (static_cast<int>(neurons * 2 / 3.0) + 7) / 8 * 8 : neurons;
}

model::ModelSpec parse_dinov2(const Json& config, std::string_view where) {
  VisionNames names;
  names.gated = value_or<bool>(config, "use_swiglu_ffn", false, where);
  names.attention_norm = "norm1";
  names.ffn_norm = "norm2";
  names.attention_scale = "layer_scale1.lambda1";
  names.ffn_scale = "layer_scale2.lambda1";
  names.up = names.gated ? "mlp.weights_in" : "mlp.fc1";
  names.down = names.gated ? "mlp.weights_out" : "mlp.fc2";
  model::ModelSpec spec =
      parse_vision(config, where, {"dinov2", "Dinov2"}, {"cls_token"}, neurons_of(config, where, names.gated), names, {1e-6, 14});
  spec.vision.any_size = true;
  spec.head.pooling = model::Pooling::first_and_mean;
  spec.head.classifiers = {matrix("classifier")};
  return spec;
}

// transformers 5's.
std::vector<OtherName> other_names() {
  std::vector<OtherName> names = attention_names_of_transformers_5();
  names.push_back({".mlp.weights_out", ".mlp.down_proj"});
  return names;
}

}  // namespace

// Oquab et al. 2024. Layer scale; the classifier reads the class token beside the mean of the patches. transformers 5 computes a
// head's size from hidden_size and num_attention_heads, so it takes no other number of heads.
const Family& dinov2() {
  static const Family family = {
      .model_type = "dinov2",
      .description = "DINOv2 for image classification",
      .prefix = "dinov2.",
      .portability = {.pruned_heads = true, .ffn_width = false},
      .parse = parse_dinov2,
      .neurons_key = "",
      .other_names = other_names(),
      .other_parts = {{".mlp.weights_in", {".mlp.gate_proj", ".mlp.up_proj"}}},
  };
  return family;
}

}  // namespace hies::arch
