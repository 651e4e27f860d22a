#pragma once

#include <cstddef>
#include <vector>

#include "hies/formats/tensor_store.h"

namespace hies::formats {

// Throws bad_input that names the tensor, its file and the index of the first NaN or infinity. Fast: one pass over the bytes.
// Other dtypes than floating ones are finite.
void check_finite(const TensorView& tensor);
// The same of `count` elements from `first`.
void check_finite(const TensorView& tensor, std::size_t first, std::size_t count);

// The values of a floating tensor (is_floating), exactly. Throws internal for another dtype.
std::vector<double> to_double(const TensorView& tensor);

}  // namespace hies::formats
