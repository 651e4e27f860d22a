#include <gtest/gtest.h>

#include "hies/engine/test_gpu.h"
#include "hies/ops/norm.h"

namespace hies::ops {
namespace {

struct Case {
  std::int64_t width;
  at::ScalarType type;
};

class NormOnGpu : public engine::GpuTest<Case> {};
// Rows of a warp, of a block, and longer ones; whole vectors of 16 bytes and not.
INSTANTIATE_TEST_SUITE_P(Widths, NormOnGpu,
                         testing::Values(Case{7, at::kFloat}, Case{768, at::kFloat}, Case{1001, at::kFloat},
                                         Case{4096, at::kFloat}, Case{9000, at::kFloat}, Case{64, at::kBFloat16},
                                         Case{768, at::kBFloat16}, Case{1028, at::kBFloat16}, Case{4096, at::kBFloat16},
                                         Case{5120, at::kBFloat16}, Case{8200, at::kBFloat16}),
                         [](const auto& of) {
                           return std::to_string(of.param.width) + (of.param.type == at::kFloat ? "float32" : "bfloat16");
                         });

at::Tensor made(at::IntArrayRef shape, double step) {
  const at::TensorOptions options = at::TensorOptions().dtype(at::kDouble);
  return at::sin(at::arange(at::empty(shape).numel(), options).square() * step).view(shape);
}

// In float64, from the numbers as they are stored.
at::Tensor exact_norm(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, double epsilon) {
  if (bias.defined()) return at::layer_norm(x, {x.size(1)}, weight, bias, epsilon);
  return x * at::rsqrt(x.square().mean(1, true) + epsilon) * weight;
}

void expect_close(const at::Tensor& gpu, const at::Tensor& exact, at::ScalarType type) {
  const double difference = (gpu.cpu().to(at::kDouble) - exact).norm().item<double>();
  EXPECT_LE(difference, (type == at::kFloat ? 2e-6 : 6e-3) * exact.norm().item<double>());
}

TEST_P(NormOnGpu, IsThatOfFloat64) {
  const auto [width, type] = GetParam();
  const at::Device device(at::kCUDA, 0);
  const double epsilon = 1e-5;
  const auto stored = [type = type](const at::Tensor& tensor) { return tensor.to(type); };
  const at::Tensor x = stored(made({13, width}, 1.1)), more = stored(made({13, width}, 1.7)),
                   of_result = stored(made({13, width}, 2.3));
  const at::Tensor weight = stored(1 + 0.3 * made({width}, 1.3)), shift = stored(made({width}, 0.7));
  for (const bool layer : {false, true})
    for (const bool add : {false, true}) {
      const at::Tensor bias = layer ? shift : at::Tensor(), added = add ? more : at::Tensor();
      const Norm norm{layer ? model::NormKind::layer_norm : model::NormKind::rms_norm, weight.to(device),
                      layer ? bias.to(device) : at::Tensor(), epsilon};
      Norm::Tape tape;
      const at::Tensor on_gpu = x.to(device), on_gpu_added = add ? more.to(device) : at::Tensor();
      const at::Tensor result = norm.forward(on_gpu, on_gpu_added, &tape);
      const at::Tensor sum = on_gpu.cpu().to(at::kDouble).requires_grad_();  // what forward() left there
      expect_close(on_gpu, add ? x.to(at::kDouble) + more.to(at::kDouble) : x.to(at::kDouble), type);
      const at::Tensor exact = exact_norm(sum, weight.to(at::kDouble), layer ? bias.to(at::kDouble) : at::Tensor(), epsilon);
      expect_close(result, exact.detach(), type);
      exact.backward(of_result.to(at::kDouble));
      const at::Tensor expected = add ? sum.grad() + more.to(at::kDouble) : sum.grad();
      expect_close(norm.backward(tape, of_result.to(device), on_gpu_added), expected, type);
    }
}

}  // namespace
}  // namespace hies::ops
