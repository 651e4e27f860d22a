#pragma once

#include <cstdint>
#include <vector>

#include "hies/arch/checkpoint.h"

namespace hies::arch {

// A matrix [rows, columns] f64, row-major.
struct Matrix {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::vector<double> values;
};

// A whole matrix of the checkpoint, by its canonical name. Throws bad_input on NaN or infinity.
Matrix read_matrix(const Checkpoint& checkpoint, const std::string& tensor);

// Whether the slice is of a matrix (and not of a bias).
bool is_matrix_slice(const Checkpoint& checkpoint, const model::Slice& slice);

// The part of `whole`, the matrix that the slice is of, that belongs to the head.
Matrix cut(const Matrix& whole, const model::Slice& slice);

}  // namespace hies::arch
