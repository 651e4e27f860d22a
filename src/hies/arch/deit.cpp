#include "hies/arch/family.h"
#include "hies/arch/vision_config.h"

namespace hies::arch {
namespace {

bool has_teacher(const Json& config, std::string_view where) {
  const Json* names = find_member(config, "architectures", where);
  if (names == nullptr || !names->is_array()) return false;
  for (const Json& name : *names)
    if (name == "DeiTForImageClassificationWithTeacher") return true;
  return false;
}

model::ModelSpec parse_deit(const Json& config, std::string_view where) {
  const int neurons = require_count(config, "intermediate_size", where);
  model::ModelSpec spec = parse_vision(config, where, {"deit", "DeiT"}, {"cls_token", "distillation_token"}, neurons);
  spec.head.classifiers = {matrix("classifier")};
  if (has_teacher(config, where)) {
    spec.head.pooling = model::Pooling::first_two;
    spec.head.classifiers = {matrix("cls_classifier"), matrix("distillation_classifier")};
  }
  return spec;
}

}  // namespace

// Touvron et al. 2021. A distillation token stands after the class token. One classifier reads the class token; a model with its
// teacher has one for each of the two, and gives the mean of their logits.
const Family& deit() {
  static const Family family = {
      .model_type = "deit",
      .description = "DeiT for image classification, with or without its teacher",
      .prefix = "deit.",
      .portability = {.pruned_heads = true, .head_dim = true},
      .parse = parse_deit,
      .write_heads = write_vision_heads,
      .other_names = names_of_transformers_5("deit"),
  };
  return family;
}

}  // namespace hies::arch
