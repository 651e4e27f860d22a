#include <torch/csrc/autograd/custom_function.h>

#include "hies/base/error.h"
#include "hies/model/arch/gated_torch.h"
#include "hies/model/gpu_torch.h"
#include "hies/model/network_torch.h"

namespace hies::model {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

at::Tensor gated(Activation activation, const at::Tensor& both) {
  if (both.is_cuda()) return gpu_gated(activation, both);
  const std::vector<at::Tensor> halves = both.chunk(2, 1);
  return activated(activation, halves[0]).mul_(halves[1]);
}

// Keeps the product's input only, half of what a graph of the single steps would.
struct GatedFunction : torch::autograd::Function<GatedFunction> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& both, std::int64_t activation) {
    context->save_for_backward({both});
    context->saved_data["activation"] = activation;
    return gated(static_cast<Activation>(activation), both);
  }
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto activation = static_cast<Activation>(context->saved_data["activation"].toInt());
    const at::Tensor both = context->get_saved_variables()[0];
    if (both.is_cuda()) return {gpu_gated_backward(activation, both, gradients[0].contiguous()), {}};
    at::Tensor result = at::empty_like(both);
    const std::vector<at::Tensor> halves = both.chunk(2, 1);
    const std::vector<at::Tensor> parts = result.chunk(2, 1);
    parts[0].copy_(activation_gradient(activation, gradients[0] * halves[1], halves[0]));
    at::mul_out(const_cast<at::Tensor&>(parts[1]), gradients[0], activated(activation, halves[0]));
    return {result, {}};
  }
};

}  // namespace

at::Tensor gated_activation(Activation activation, const at::Tensor& both) {
  if (at::GradMode::is_enabled() && both.requires_grad())
    return GatedFunction::apply(both, static_cast<std::int64_t>(activation));
  return gated(activation, both);
}

}  // namespace hies::model
