#include "hies/eval/cost.h"

#include "hies/model/cost.h"

namespace hies::eval {

std::vector<std::int64_t> lengths(const data::Dataset& dataset) {
  std::vector<std::int64_t> tokens;
  for (const data::Example& example : dataset.examples) tokens.push_back(static_cast<std::int64_t>(example.ids.size()));
  return tokens;
}

Cost cost(const model::Checkpoint& checkpoint, const model::HeadLayout& left, std::span<const std::int64_t> lengths) {
  model::ModelSpec spec = checkpoint.spec();
  spec.layers = left;
  const model::Arch& arch = checkpoint.arch();
  const model::ModelCost whole = model::model_cost(arch, spec, 1);  // parameters do not depend on the length
  return {whole.parameters, whole.attention_parameters, model::flops_per_example(arch, spec, lengths),
          model::attention_flops_per_example(arch, spec, lengths), checkpoint.weight_bytes()};
}

}  // namespace hies::eval
