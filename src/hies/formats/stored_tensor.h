#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "hies/formats/dtype.h"

namespace hies::formats {

// A tensor in memory as a file would hold it: little-endian, row-major.
struct StoredTensor {
  DType dtype = DType::float32;
  std::vector<std::int64_t> shape;
  std::vector<std::byte> bytes;
};

// Tensors by canonical name.
using TensorMap = std::map<std::string, StoredTensor, std::less<>>;

}  // namespace hies::formats
