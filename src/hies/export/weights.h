#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hies/arch/checkpoint.h"
#include "hies/formats/tensor_file.h"
#include "hies/model/spec.h"

namespace hies::exports {

// The weights of a checkpoint as other programs want them: in one dtype, whole or a part, matrices with their inputs first. Every
// source streams: at most kWeightPiece bytes are in memory at a time, and pages of the checkpoint's file are given back. NaN and
// infinity are thrown as bad_input when a source is written. The checkpoint must outlive the sources.
inline constexpr std::size_t kWeightPiece = std::size_t{8} << 20;

class Weights {
 public:
  // `dtype`: float32, float16 or bfloat16.
  Weights(const arch::Checkpoint& checkpoint, formats::DType dtype) : checkpoint_(checkpoint), dtype_(dtype) {}

  const arch::Checkpoint& checkpoint() const noexcept { return checkpoint_; }
  formats::DType dtype() const noexcept { return dtype_; }

  // Returns the whole tensor of a canonical name, in its shape.
  formats::TensorSource whole(const std::string& tensor) const;
  // Returns `count` rows of a tensor seen as [rows, E], E its last axis, from row `first` on: [count, E].
  formats::TensorSource rows(const std::string& tensor, std::int64_t first, std::int64_t count) const;
  // Returns the same rows transposed: [E, count].
  formats::TensorSource columns(const std::string& tensor, std::int64_t first, std::int64_t count) const;
  // Returns a linear layer's matrix [inputs, outputs], of one part if the tensor holds several.
  formats::TensorSource matrix(const model::MatrixSpec& matrix) const;
  // Returns its bias [outputs].
  formats::TensorSource bias(const model::MatrixSpec& matrix) const;

 private:
  const formats::TensorView& view(const std::string& tensor) const;

  const arch::Checkpoint& checkpoint_;
  formats::DType dtype_;
};

}  // namespace hies::exports
