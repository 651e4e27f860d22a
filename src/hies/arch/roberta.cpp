#include "hies/arch/bert_config.h"
#include "hies/arch/config.h"
#include "hies/arch/family.h"

namespace hies::arch {
namespace {

model::ModelSpec parse_roberta(const Json& config, std::string_view where) {
  const auto padding = value_or<std::int64_t>(config, "pad_token_id", 1, where);
  model::ModelSpec spec = parse_bert_config(config, where, "roberta", "roberta.", static_cast<int>(padding) + 1);
  spec.head.dense = {{matrix("classifier.dense"), model::Activation::tanh}};
  spec.head.classifiers = {matrix("classifier.out_proj")};
  return spec;
}

}  // namespace

// Liu et al. 2019. A task head of two layers on the first token; position ids begin after the padding id.
const Family& roberta() {
  static const Family family = {
      "roberta", "RoBERTa for sequence classification and regression", "roberta.", {.pruned_heads = true}, parse_roberta};
  return family;
}

}  // namespace hies::arch
