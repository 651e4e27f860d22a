#pragma once

#include <string>
#include <unordered_map>

#include <ATen/ATen.h>

#include "hies/model/checkpoint.h"
#include "hies/model/network_torch.h"

namespace hies::model {

// The tensors of a checkpoint in the computation dtype, by canonical name.
class Weights {
 public:
  // Tensors already stored in `type` stay in the mapped file; the others are converted, once. Throws bad_input on NaN or Inf.
  Weights(const Checkpoint& checkpoint, at::ScalarType type);

  const at::Tensor& get(const std::string& name) const;
  Linear linear(const std::string& name) const { return {get(name + ".weight"), get(name + ".bias")}; }
  Norm norm(const std::string& name, double epsilon) const { return {get(name + ".weight"), get(name + ".bias"), epsilon}; }

 private:
  std::unordered_map<std::string, at::Tensor> tensors_;
};

}  // namespace hies::model
