#pragma once

#include <string>

#include <ATen/ATen.h>

#include "hies/model/spec.h"
#include "hies/ops/linear.h"
#include "hies/ops/norm.h"
#include "hies/ops/tensors.h"

namespace hies::nn {

// Where a network takes its weights from, by canonical name, in the computation type and on the device that it runs on.
class WeightSource {
 public:
  virtual ~WeightSource() = default;
  virtual at::Tensor tensor(const std::string& name) const = 0;
  virtual ops::Table table(const std::string& name) const = 0;            // name.weight
  virtual ops::Linear linear(const model::MatrixSpec& matrix) const = 0;  // one part, if the tensor holds several

  // Returns a matrix [E, E] by which the residual stream is multiplied at a place of model::stream_projection; undefined: none. Only forward
  // passes take them.
  virtual at::Tensor projection(const std::string&) const { return {}; }

  ops::Norm norm(const model::NormSpec& norm) const;
  // Returns both matrices as one, the first one's outputs first: one product instead of two.
  virtual ops::Linear joined(const model::MatrixSpec& first, const model::MatrixSpec& second) const;
};

}  // namespace hies::nn
