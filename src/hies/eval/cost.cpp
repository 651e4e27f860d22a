#include "hies/eval/cost.h"

#include "hies/model/cost.h"

namespace hies::eval {

Lengths lengths(const data::Dataset& dataset) {
  Lengths lengths{{}, dataset.size()};
  for (const data::Example& example : dataset.examples) {
    const auto own = static_cast<std::int64_t>(example.ids.size());
    if (example.choices.empty()) lengths.sequences.push_back(example.run_tokens());
    for (const data::EncodedChoice& choice : example.choices)
      lengths.sequences.push_back(own + static_cast<std::int64_t>(choice.ids.size()) - 1);
  }
  return lengths;
}

Cost cost(const arch::Checkpoint& checkpoint, const model::Layout& left, const Lengths& lengths) {
  model::ModelSpec spec = checkpoint.spec();
  spec.layout = left;
  const model::ModelCost whole = model::model_cost(spec, 1);  // parameters do not depend on the length
  const double per_example =
      lengths.examples == 0 ? 0 : static_cast<double>(lengths.sequences.size()) / static_cast<double>(lengths.examples);
  return {whole.parameters, whole.attention_parameters, per_example * model::flops_per_example(spec, lengths.sequences),
          per_example * model::attention_flops_per_example(spec, lengths.sequences), checkpoint.weight_bytes()};
}

}  // namespace hies::eval
