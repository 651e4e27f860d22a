#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "hies/model/spec.h"
#include "hies/nn/weight_source.h"

namespace hies::engine {

// Random weights for models of any description. Matrices of one name and shape are the same object in all of them, so that models that
// differ in a few sites share the memory of the others.
class RandomWeights {
 public:
  RandomWeights(at::ScalarType type, at::Device device);
  ~RandomWeights();

  // Returns the weights of one model. They refer to this object; asking for the next model's ends them.
  const nn::WeightSource& of(const model::ModelSpec& spec);

 private:
  class OfModel;
  at::ScalarType type_;
  at::Device device_;
  at::Tensor pool_;  // numbers that every tensor is copied from
  std::map<std::pair<std::string, std::vector<std::int64_t>>, ops::Linear> linears_;
  std::map<std::string, at::Tensor> tables_;
  std::unique_ptr<OfModel> current_;
};

}  // namespace hies::engine
