#pragma once

#include <string>

namespace hies::model {

// What a model is computed in.
enum class ComputeType { float32, bfloat16, float64 };

// "float32", "bfloat16", "float64"; "tf32" is float32 with set_tf32(). Throws bad_input.
ComputeType parse_compute_type(const std::string& name);

// Bytes of one number.
inline int bytes_of(ComputeType type) {
  switch (type) {
    case ComputeType::float32: return 4;
    case ComputeType::bfloat16: return 2;
    case ComputeType::float64: return 8;
  }
  return 4;
}

}  // namespace hies::model
