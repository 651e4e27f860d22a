#pragma once

#include <vector>

#include "hies/model/layout.h"
#include "hies/ops/linear.h"

namespace hies::nn {

// The rows of one or several matrices (queries, keys, values) that belong to a head, side by side: first those of the first head,
// then those of the second. One large product is faster than several, and a head alone is one product as well.
class Projection {
 public:
  Projection() = default;
  // Each matrix [count·head_dim, E].
  Projection(const std::vector<ops::Linear>& matrices, int count, int head_dim);
  // Of all heads: [rows, count·n·D].
  at::Tensor all(const at::Tensor& rows) const { return joint_(rows); }
  // Of all heads: return the gradient by the rows, or add it to `sum`.
  at::Tensor gradient(const at::Tensor& of_output) const { return joint_.gradient(of_output); }
  void add_gradient(const at::Tensor& of_output, at::Tensor& sum) const { joint_.add_gradient(of_output, sum); }
  // On the CPU, a product for each of the heads at `positions`: [rows, positions·n·D].
  at::Tensor some(const std::vector<int>& positions, const at::Tensor& rows) const;

 private:
  std::int64_t width_ = 0;  // n·D
  ops::Linear joint_;
  std::vector<ops::Linear> parts_;
};

// Where the wanted heads stand among those that are there; both ascending.
std::vector<int> positions_in(const std::vector<int>& there, const std::vector<int>& wanted);

// Head outputs [rows, H·D] of `heads`, some or all of those that the layer has, through the layer's output projection. Without
// heads only its bias is left; undefined where it has none.
at::Tensor project_outputs(const ops::Linear& projection, const model::SiteLayout& all, const model::SiteLayout& heads,
                           const at::Tensor& outputs, std::int64_t rows);

}  // namespace hies::nn
