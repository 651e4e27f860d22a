#pragma once

#include <memory>
#include <string>
#include <vector>

namespace hies::nn {
class GradientSink;
}

namespace hies::engine {

// The gradients of a model's matrices, summed over the runs that they are given to (RunRequest::gradients): as large as the weights of the
// layers, in float32 (float64 for such a run).
class WeightGradients {
 public:
  WeightGradients();
  ~WeightGradients();
  WeightGradients(WeightGradients&&) noexcept;
  WeightGradients& operator=(WeightGradients&&) noexcept;

  // Returns the sum of ∂Loss/∂W of a matrix as it is stored under that canonical name, row by row; empty where no run gave one.
  std::vector<double> of(const std::string& tensor) const;

  // For the engine.
  nn::GradientSink& sink() noexcept;

 private:
  class Sums;
  std::unique_ptr<Sums> sums_;
};

}  // namespace hies::engine
