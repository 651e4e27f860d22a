#pragma once

#include <string>

#include "hies/model/arch/encoder.h"

namespace hies::model {

// Tensor names of an encoder of images. Those before the layers begin with Arch::prefix(), those of a layer with its number.
struct VisionNames {
  std::string query = "attention.attention.query", key = "attention.attention.key", value = "attention.attention.value";
  std::string output = "attention.output.dense";
  std::string attention_norm = "layernorm_before", mlp_norm = "layernorm_after";
  std::string up = "intermediate.dense", down = "output.dense";
  std::string attention_scale, mlp_scale;  // where VisionSpec::layer_scale
};

// Vision Transformers (Dosovitskiy et al. 2021): patches become tokens, normalisation before each block. A family adds its config,
// its names where they differ, and its task head.
class VisionArch : public Arch {
 public:
  std::vector<TensorDecl> tensors(const ModelSpec& spec) const override;
  std::vector<HeadSlice> head_slices(const ModelSpec& spec, int layer, int position) const override;
  std::vector<HeadSlice> kv_slices(const ModelSpec& spec, int layer, int position) const override;
  // transformers 4 reads any heads; transformers 5 the same number in every layer, by head_dim.
  bool has_pruned_heads() const noexcept override { return true; }
  Portability portability() const noexcept override { return {.pruned_heads = true, .head_dim = true}; }
  void write_heads(Json& config, int heads, int kv_heads, int head_dim) const override;

  virtual VisionNames names(const ModelSpec& spec) const = 0;
  virtual std::vector<TensorDecl> head_tensors(const ModelSpec& spec) const = 0;
  // Full names.
  std::string embedding(const std::string& part) const { return std::string(prefix()) + "embeddings." + part; }
  std::string in_layer(int layer, const std::string& part) const {
    return std::string(prefix()) + "encoder.layer." + std::to_string(layer) + "." + part;
  }
  std::string final_norm() const { return std::string(prefix()) + "layernorm"; }
  // The tokens before the patches, [1, 1, E] each, in their order.
  std::vector<std::string> leading_tokens(const ModelSpec& spec) const;
};

// What the families' config.json have in common: all but intermediate, which the caller sets. Problem and labels are read.
ModelSpec parse_vision_config(const Json& config, std::string_view where, std::string_view model_type, double norm_epsilon,
                              int patch_size);

}  // namespace hies::model
