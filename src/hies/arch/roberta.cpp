#include "hies/arch/bert_config.h"
#include "hies/arch/family.h"

namespace hies::arch {
namespace {

model::ModelSpec parse_roberta(const Json& config, std::string_view where) {
  return parse_roberta_like(config, where, "roberta");
}

}  // namespace

// Liu et al. 2019. A task head of two layers on the first token; position ids begin after the padding id.
const Family& roberta() {
  static const Family family = {
      "roberta", "RoBERTa for sequence classification and regression", "roberta.", {.pruned_heads = true}, parse_roberta};
  return family;
}

}  // namespace hies::arch
