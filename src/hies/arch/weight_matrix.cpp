#include "hies/arch/weight_matrix.h"

#include "hies/base/error.h"
#include "hies/formats/float_conversion.h"

namespace hies::arch {
namespace {

const Checkpoint::Bound& bound_tensor(const Checkpoint& checkpoint, const std::string& name) {
  for (const Checkpoint::Bound& bound : checkpoint.tensors())
    if (bound.decl.name == name) return bound;
  throw Error(ErrorKind::internal, "internal error: unknown tensor name " + name, "please report this as a bug");
}

}  // namespace

Matrix read_matrix(const Checkpoint& checkpoint, const std::string& tensor) {
  const Checkpoint::Bound& bound = bound_tensor(checkpoint, tensor);
  check(bound.decl.shape.size() == 2, "not a matrix");
  Matrix matrix{bound.decl.shape[0], bound.decl.shape[1], {}};
  if (bound.view == nullptr) return matrix;  // a layer without heads
  formats::check_finite(*bound.view);
  matrix.values = formats::to_double(*bound.view);
  return matrix;
}

bool is_matrix_slice(const Checkpoint& checkpoint, const model::Slice& slice) {
  return bound_tensor(checkpoint, slice.tensor).decl.shape.size() == 2;
}

Matrix cut(const Matrix& whole, const model::Slice& slice) {
  check(slice.begin >= 0 && slice.begin <= slice.end && slice.end <= (slice.axis == 0 ? whole.rows : whole.columns),
        "a slice reaches beyond its matrix");
  Matrix part =
      slice.axis == 0 ? Matrix{slice.end - slice.begin, whole.columns, {}} : Matrix{whole.rows, slice.end - slice.begin, {}};
  const std::int64_t first_row = slice.axis == 0 ? slice.begin : 0;
  const std::int64_t first_column = slice.axis == 0 ? 0 : slice.begin;
  part.values.reserve(static_cast<std::size_t>(part.rows * part.columns));
  for (std::int64_t row = 0; row < part.rows; ++row) {
    const auto begin = whole.values.begin() + (first_row + row) * whole.columns + first_column;
    part.values.insert(part.values.end(), begin, begin + part.columns);
  }
  return part;
}

}  // namespace hies::arch
