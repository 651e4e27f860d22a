#include "hies/arch/family.h"
#include "hies/arch/vision_config.h"

namespace hies::arch {
namespace {

model::ModelSpec parse_vit(const Json& config, std::string_view where) {
  const int neurons = require_count(config, "intermediate_size", where);
  model::ModelSpec spec = parse_vision(config, where, {"vit", "ViT"}, {"cls_token"}, neurons);
  spec.head.classifiers = {matrix("classifier")};
  return spec;
}

}  // namespace

// Dosovitskiy et al. 2021. The classifier reads the class token. transformers 4 reads any heads; transformers 5 the same number in
// every layer, by head_dim.
const Family& vit() {
  static const Family family = {
      .model_type = "vit",
      .description = "ViT for image classification",
      .prefix = "vit.",
      .portability = {.pruned_heads = true, .head_dim = true},
      .parse = parse_vit,
      .write_heads = write_vision_heads,
      .other_names = names_of_transformers_5("vit"),
  };
  return family;
}

}  // namespace hies::arch
