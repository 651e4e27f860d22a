#pragma once

#include <string>
#include <unordered_map>

#include "hies/arch/checkpoint.h"
#include "hies/formats/stored_tensor.h"
#include "hies/nn/weight_source.h"

namespace hies::engine {

// Returns the type of elements that a checkpoint stores so. Throws internal for one that no weight has.
at::ScalarType stored_type(formats::DType dtype);

// The tensors of a checkpoint, by canonical name, as they are needed in the computation type.
class CheckpointWeights : public nn::WeightSource {
 public:
  // Tensors stay in the mapped file, whose memory is given back where they have been copied. Throws bad_input on NaN or infinity.
  // On a GPU, embedding tables are copied at once and all else when it is asked for; matrices that are offloaded are made on the CPU.
  // What `overrides` has is used in the place of the checkpoint's.
  CheckpointWeights(const arch::Checkpoint& checkpoint, at::ScalarType type, ops::Linear::Keep keep, at::Device device,
                    const formats::TensorMap& overrides);

  at::Tensor tensor(const std::string& name) const override;
  ops::Table table(const std::string& name) const override;
  ops::Linear linear(const model::MatrixSpec& matrix) const override;
  at::Tensor projection(const std::string& name) const override;

 private:
  struct Stored {
    at::Tensor tensor;
    const formats::TensorView* view = nullptr;  // null: not in the file
    void release() const;
  };
  const Stored& stored(const std::string& name) const;
  std::unordered_map<std::string, Stored> tensors_;
  std::unordered_map<std::string, at::Tensor> projections_;
  at::ScalarType type_;
  ops::Linear::Keep keep_;
  at::Device device_, matrix_device_;
};

}  // namespace hies::engine
