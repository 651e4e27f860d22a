#pragma once

#include <cstddef>
#include <span>
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

// Writes the elements first … first+values.size()−1 of a floating tensor to `values`; those of float64 are rounded.
void to_float(const TensorView& tensor, std::size_t first, std::span<float> values);

// Writes `values` as elements of `dtype` (float32, float16 or bfloat16), rounded to nearest even, to `bytes`, values.size() ×
// element_bytes of them. A finite value beyond the greatest of float16 becomes infinity. Throws internal for another dtype.
void from_float(std::span<const float> values, DType dtype, std::byte* bytes);

// Returns the exact values of a floating tensor (is_floating). Throws internal for another dtype.
std::vector<double> to_double(const TensorView& tensor);

}  // namespace hies::formats
