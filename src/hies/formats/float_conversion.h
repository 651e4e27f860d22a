#pragma once

#include <cstddef>
#include <vector>

#include "hies/formats/tensor_store.h"

namespace hies::formats {

// Throws bad_input if the tensor has a NaN or an infinity; the message names the tensor, its file and the index of the first one.
// Reads the bytes once. Tensors of other than floating dtypes are always finite.
void check_finite(const TensorView& tensor);
// The same for the elements first … first+count−1.
void check_finite(const TensorView& tensor, std::size_t first, std::size_t count);

// Returns whether two tensors have the same shape and the same values, whatever their dtypes; false for other than floating dtypes,
// unless the bytes are the same, too.
bool same_values(const TensorView& a, const TensorView& b);

// Returns the exact values of a floating tensor (is_floating). Throws internal for another dtype.
std::vector<double> to_double(const TensorView& tensor);

}  // namespace hies::formats
