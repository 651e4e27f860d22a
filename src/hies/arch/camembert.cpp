#include "hies/arch/bert_config.h"
#include "hies/arch/family.h"

namespace hies::arch {
namespace {

model::ModelSpec parse_camembert(const Json& config, std::string_view where) {
  return parse_roberta_like(config, where, "camembert");
}

}  // namespace

// Martin et al. 2020: RoBERTa trained on French. Its tensors have RoBERTa's names.
const Family& camembert() {
  static const Family family = {
      "camembert", "CamemBERT for sequence classification and regression", "roberta.", {.pruned_heads = true}, parse_camembert};
  return family;
}

}  // namespace hies::arch
