#pragma once

#include <string>
#include <string_view>

#include "hies/arch/config.h"
#include "hies/arch/family.h"

namespace hies::arch {

// What vision transformers differ in: names of the parts of a layer (behind prefix + "encoder.layer.N.") and defaults of config.json.
struct VisionNames {
  std::string attention_norm = "layernorm_before", ffn_norm = "layernorm_after";
  std::string up = "intermediate.dense", down = "output.dense";
  std::string attention_scale, ffn_scale;  // empty: the family has no layer scale
  bool gated = false;                      // `up` holds gate and up one after the other (DINOv2's SwiGLU)
};
// Its model_type, which begins the names of its tensors ("vit."), and what begins those of its classes ("ViT").
struct VisionClass {
  std::string model_type, stem;
};
struct VisionDefaults {
  double norm_epsilon = 1e-12;
  int patch_size = 16;
};

// Returns the description of a vision transformer (Dosovitskiy et al. 2021) without its task head: patches become tokens, norms stand
// before each block. `prefix` begins the names of its tensors ("vit."); `leading`: parts of the embeddings that are tokens before the
// patches; `neurons`: the width of the feed-forward network.
model::ModelSpec parse_vision(const Json& config, std::string_view where, const VisionClass& family,
                              const std::vector<std::string>& leading, int neurons, const VisionNames& names = {},
                              const VisionDefaults& defaults = {});

// Returns how transformers 5 calls the matrices of attention; 4 has the canonical names.
std::vector<OtherName> attention_names_of_transformers_5();
// Returns that and, for families with ViT's layers, how it calls the layers and their feed-forward networks.
std::vector<OtherName> names_of_transformers_5(const std::string& model_type);

// Writes num_attention_heads and head_dim.
void write_vision_heads(Json& config, const HeadNumbers& numbers);

}  // namespace hies::arch
