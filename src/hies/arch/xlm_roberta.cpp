#include "hies/arch/bert_config.h"
#include "hies/arch/family.h"

namespace hies::arch {
namespace {

model::ModelSpec parse_xlm_roberta(const Json& config, std::string_view where) {
  return parse_roberta_like(config, where, "xlm-roberta");
}

}  // namespace

// Conneau et al. 2020: RoBERTa with a vocabulary of 100 languages. Its tensors have RoBERTa's names.
const Family& xlm_roberta() {
  static const Family family = {"xlm-roberta",
                                "XLM-RoBERTa for sequence classification and regression",
                                "roberta.",
                                {.pruned_heads = true},
                                parse_xlm_roberta};
  return family;
}

}  // namespace hies::arch
