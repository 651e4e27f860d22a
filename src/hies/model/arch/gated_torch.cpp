#include <torch/csrc/autograd/custom_function.h>

#include "hies/base/error.h"
#include "hies/kernels/cuda/plugin.h"
#include "hies/model/arch/decoder_torch.h"
#include "hies/model/card_torch.h"

namespace hies::model {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

at::Tensor gradient_of(Activation activation, const at::Tensor& of_result, const at::Tensor& x) {
  switch (activation) {
    case Activation::gelu: return at::gelu_backward(of_result, x);
    case Activation::gelu_tanh: return at::gelu_backward(of_result, x, "tanh");
    case Activation::relu: return at::threshold_backward(of_result, x, 0);
    case Activation::silu: return at::silu_backward(of_result, x);
  }
  check(false, "unknown activation");
  return {};
}

std::int32_t card_activation(Activation activation) {
  switch (activation) {
    case Activation::gelu: return HIES_CUDA_GELU;
    case Activation::gelu_tanh: return HIES_CUDA_GELU_TANH;
    case Activation::relu: return HIES_CUDA_RELU;
    case Activation::silu: return HIES_CUDA_SILU;
  }
  return HIES_CUDA_SILU;
}

at::Tensor gated(Activation activation, const at::Tensor& both) {
  const std::int64_t width = both.size(1) / 2;
  if (both.is_cuda()) {
    at::Tensor result = at::empty({both.size(0), width}, both.options().requires_grad(false));
    kernels::cuda::check_call(
        kernels::cuda::plugin().gated(card_dtype(both.scalar_type()), card_activation(activation), both.const_data_ptr(),
                                      both.size(0), width, result.data_ptr(), card_stream()),
        "computing gated activations");
    return result;
  }
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
    at::Tensor result = at::empty_like(both);
    if (both.is_cuda()) {
      const at::Tensor above = gradients[0].contiguous();
      kernels::cuda::check_call(kernels::cuda::plugin().gated_backward(
                                    card_dtype(both.scalar_type()), card_activation(activation), both.const_data_ptr(),
                                    above.const_data_ptr(), both.size(0), both.size(1) / 2, result.data_ptr(), card_stream()),
                                "computing gradients of gated activations");
      return {result, {}};
    }
    const std::vector<at::Tensor> halves = both.chunk(2, 1);
    const std::vector<at::Tensor> parts = result.chunk(2, 1);
    parts[0].copy_(gradient_of(activation, gradients[0] * halves[1], halves[0]));
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
