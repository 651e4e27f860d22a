#include "hies/model/spec.h"

#include "hies/base/error.h"

namespace hies::model {

Activation parse_activation(const std::string& name) {
  if (name == "gelu") return Activation::gelu;
  if (name == "gelu_new" || name == "gelu_pytorch_tanh") return Activation::gelu_tanh;
  if (name == "relu") return Activation::relu;
  if (name == "silu" || name == "swish") return Activation::silu;
  throw Error(ErrorKind::unsupported, fmt::format("activation '{}' is not supported", printable(name)),
              "known: gelu, gelu_new, gelu_pytorch_tanh, relu, silu");
}

std::string_view problem_name(Problem problem) noexcept {
  switch (problem) {
    case Problem::classification: return "classification";
    case Problem::regression: return "regression";
    case Problem::causal_lm: return "causal-lm";
    case Problem::hidden_states: return "hidden-states";
  }
  return "";
}

}  // namespace hies::model
