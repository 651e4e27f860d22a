#include "hies/arch/bert_config.h"
#include "hies/arch/config.h"
#include "hies/arch/family.h"

namespace hies::arch {
namespace {

model::ModelSpec parse_bert(const Json& config, std::string_view where) {
  model::ModelSpec spec = parse_bert_config(config, where, {"bert", "bert.", {"Bert"}});
  spec.head.dense = {{matrix("bert.pooler.dense"), model::Activation::tanh}};
  spec.head.classifiers = {matrix("classifier")};
  return spec;
}

}  // namespace

// Devlin et al. 2019. The task head reads the first token through a tanh pooler.
const Family& bert() {
  static const Family family = {
      "bert", "BERT for sequence classification and regression", "bert.", {.pruned_heads = true}, parse_bert};
  return family;
}

}  // namespace hies::arch
