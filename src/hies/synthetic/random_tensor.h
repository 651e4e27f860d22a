#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hies/formats/safetensors_writer.h"

namespace hies::synthetic {

// Returns a tensor of normal numbers with standard deviation `deviation`, generated while it is written, on all threads. Each
// number depends on `seed`, `name` and its position alone. Numbers are 65536 quantiles of the normal distribution (to ±4.2
// deviations), so that drawing one is a look-up. `dtype` is float16, bfloat16 or float32.
formats::TensorSource normal_tensor(const std::string& name, formats::DType dtype, const std::vector<std::int64_t>& shape,
                                    std::uint64_t seed, double deviation);

// Returns a tensor of ones.
formats::TensorSource ones_tensor(const std::string& name, formats::DType dtype, const std::vector<std::int64_t>& shape);

}  // namespace hies::synthetic
