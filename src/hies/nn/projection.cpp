#include "hies/nn/projection.h"

#include <algorithm>

namespace hies::nn {

Projection::Projection(const std::vector<ops::Linear>& matrices, int count, int head_dim)
    : width_(static_cast<std::int64_t>(matrices.size()) * head_dim) {
  // The rows begin … begin + heads-1 of every matrix, head by head: [heads·n·D, …].
  const auto side_by_side = [head_dim](const std::vector<at::Tensor>& tensors, std::int64_t begin, std::int64_t heads) {
    if (tensors.size() == 1) return tensors.front().narrow(0, begin * head_dim, heads * head_dim);
    std::vector<at::Tensor> parts;
    parts.reserve(tensors.size());
    for (const at::Tensor& tensor : tensors)
      parts.push_back(tensor.narrow(0, begin * head_dim, heads * head_dim).unflatten(0, {heads, head_dim}));
    return at::cat(parts, 1).flatten(0, 1);
  };
  const auto rows_of = [&](std::int64_t begin, std::int64_t heads) -> ops::Linear::Make {
    return [matrices, side_by_side, begin, heads] {
      std::vector<at::Tensor> weights;
      weights.reserve(matrices.size());
      for (const ops::Linear& matrix : matrices) weights.push_back(matrix.weight());
      return side_by_side(weights, begin, heads);
    };
  };
  const auto product = [&](std::int64_t begin, std::int64_t heads, ops::Linear::Make weight, const ops::Linear::Keep& keep) {
    std::vector<at::Tensor> biases;
    biases.reserve(matrices.size());
    for (const ops::Linear& matrix : matrices) biases.push_back(matrix.bias());
    const auto release = [matrices] {
      for (const ops::Linear& matrix : matrices) matrix.release();
    };
    return ops::Linear(std::move(weight), biases.front().defined() ? side_by_side(biases, begin, heads) : at::Tensor(), release,
                       keep);
  };
  const ops::Linear::Keep keep = matrices.front().keep();
  joint_ = product(0, count, rows_of(0, count), keep);
  if (keep.one_copy) return;  // a GPU computes all heads in one product
  for (int head = 0; head < count; ++head) parts_.push_back(product(head, 1, rows_of(head, 1), keep));
}

at::Tensor Projection::some(const std::vector<int>& positions, const at::Tensor& rows) const {
  at::Tensor joined = at::empty({rows.size(0), static_cast<std::int64_t>(positions.size()) * width_}, rows.options());
  for (std::size_t i = 0; i < positions.size(); ++i)
    joined.narrow(1, static_cast<std::int64_t>(i) * width_, width_).copy_(parts_[static_cast<std::size_t>(positions[i])](rows));
  return joined;
}

std::vector<int> positions_in(const std::vector<int>& there, const std::vector<int>& wanted) {
  std::vector<int> positions;
  positions.reserve(wanted.size());
  for (const int head : wanted)
    positions.push_back(static_cast<int>(std::lower_bound(there.begin(), there.end(), head) - there.begin()));
  return positions;
}

at::Tensor project_outputs(const ops::Linear& projection, const model::SiteLayout& all, const model::SiteLayout& heads,
                           const at::Tensor& outputs, std::int64_t rows) {
  const at::Tensor& bias = projection.bias();
  if (heads.count() == 0) return bias.defined() ? bias.repeat({rows, 1}) : at::Tensor();
  if (heads.count() == all.count()) return projection(outputs);
  const auto columns = [&] {
    const at::Tensor weight = projection.weight();
    std::vector<at::Tensor> kept;
    for (const int position : positions_in(all.units, heads.units))
      kept.push_back(weight.narrow(1, std::int64_t{position} * heads.unit_size, heads.unit_size));
    return at::cat(kept, 1);
  };
  return ops::Linear(columns, bias)(outputs);
}

}  // namespace hies::nn
