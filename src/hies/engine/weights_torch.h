#pragma once

#include <string>
#include <unordered_map>

#include <ATen/ATen.h>

#include "hies/model/checkpoint.h"
#include "hies/model/network_torch.h"

namespace hies::model {

// The tensors of a checkpoint, by canonical name, as they are needed in the computation dtype.
class Weights {
 public:
  // Tensors stay in the mapped file, whose memory is given back where they have been copied. Throws bad_input on NaN or Inf.
  // On a GPU, embedding tables are copied at once and all else when it is asked for; matrices that are offloaded are made on the CPU.
  Weights(const Checkpoint& checkpoint, at::ScalarType type, Linear::Keep keep, at::Device device);

  at::Tensor get(const std::string& name) const;  // converted
  Table table(const std::string& name) const { return {stored(name + ".weight").tensor.to(device_), type_}; }
  Linear linear(const std::string& name) const;  // with or without bias, as the family has it
  // The same from a weight that is stored as [in, out] (GPT-2); of several side by side, the outputs begin … begin + count-1.
  Linear transposed(const std::string& name, std::int64_t begin, std::int64_t count) const;
  // A matrix under its own name, by default alone: an embedding table as output matrix.
  Linear matrix(const std::string& name, const at::Tensor& bias = {}) const;
  Norm norm(const std::string& name, double epsilon) const { return {get(name + ".weight"), get(name + ".bias"), epsilon}; }
  RmsNorm rms_norm(const std::string& name, double epsilon) const { return {get(name + ".weight"), epsilon}; }

 private:
  struct Stored {
    at::Tensor tensor;
    const formats::TensorView* view = nullptr;  // null: not in the file
    void set_aside() const;
  };
  const Stored& stored(const std::string& name) const;
  at::Tensor bias(const std::string& name) const;  // undefined where the family has none
  std::unordered_map<std::string, Stored> tensors_;
  at::ScalarType type_;
  Linear::Keep keep_;
  at::Device device_, matrix_device_;
};

}  // namespace hies::model
