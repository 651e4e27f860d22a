#include "hies/nn/weight_source.h"

namespace hies::nn {

ops::Norm WeightSource::norm(const model::NormSpec& norm) const {
  const bool has_bias = norm.kind == model::NormKind::layer_norm;
  return {norm.kind, tensor(norm.name + ".weight"), has_bias ? tensor(norm.name + ".bias") : at::Tensor(), norm.epsilon};
}

ops::Linear WeightSource::joined(const model::MatrixSpec& first, const model::MatrixSpec& second) const {
  if (first.name == second.name && first.parts == 2 && first.part == 0) {  // the tensor holds both already
    model::MatrixSpec whole = first;
    whole.parts = 1;
    return linear(whole);
  }
  const ops::Linear a = linear(first), b = linear(second);
  const auto release = [a, b] {
    a.release();
    b.release();
  };
  return {[a, b] {
            return at::cat({a.weight(), b.weight()});
          },
          a.bias().defined() ? at::cat({a.bias(), b.bias()}) : at::Tensor(), release, a.keep()};
}

}  // namespace hies::nn
