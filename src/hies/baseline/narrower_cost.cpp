#include <cmath>

#include "hies/baseline/baseline.h"
#include "hies/model/tensors.h"

namespace hies::baseline {
namespace {

// Returns the elements of a tensor of the layers or the embedding when E is `hidden` instead: one of its sizes that is E shrinks. Of a
// matrix between states of size E (the head's) both sides do not: the task head reads the narrow state, and keeps its own width.
double elements(const model::TensorDecl& tensor, double whole, double hidden) {
  double product = 1;
  bool narrowed = false;
  for (auto size = tensor.shape.rbegin(); size != tensor.shape.rend(); ++size) {
    const bool narrows = !narrowed && static_cast<double>(*size) == whole;
    product *= narrows ? hidden : static_cast<double>(*size);
    narrowed = narrowed || narrows;
  }
  return product;
}

}  // namespace

NarrowerCost narrower_cost(const arch::Checkpoint& checkpoint, const Baseline::Narrower& narrower, const eval::Lengths& lengths) {
  const model::ModelSpec& spec = checkpoint.spec();
  const eval::Cost whole = eval::cost(checkpoint, spec.layout, lengths);
  double parameters = static_cast<double>(whole.parameters) - narrower.channels * static_cast<double>(whole.attention_parameters);
  double flops = whole.flops_per_example - narrower.channels * whole.attention_flops_per_example;
  if (narrower.hidden > 0) {
    const auto E = static_cast<double>(spec.hidden), left = std::round((1 - narrower.hidden) * E);
    double tokens = 0;
    for (const std::int64_t length : lengths.sequences) tokens += static_cast<double>(length);
    tokens /= std::max(1.0, static_cast<double>(lengths.examples));
    const double turns = 2.0 * spec.layer_count() * left * left;
    parameters += turns;
    flops += 2 * tokens * turns;
    for (const model::TensorDecl& tensor : model::tensors(spec)) {
      const double saved = static_cast<double>(tensor.elements()) - elements(tensor, E, left);
      parameters -= saved;
      if (tensor.use == model::TensorUse::per_token) flops -= 2 * tokens * saved;
    }
  }
  return {static_cast<std::int64_t>(std::llround(parameters)), flops};
}

}  // namespace hies::baseline
