#include "hies/score/statistics/weight_norms.h"

#include <cmath>
#include <map>
#include <string>

#include "hies/arch/weight_matrix.h"
#include "hies/base/error.h"
#include "hies/score/spectral_norm.h"

namespace hies::score {
namespace {

using arch::Checkpoint;
using arch::Matrix;
using model::Slice;

// Returns the slices of matrices that a query head needs: its own and those of the KV head that it reads.
std::vector<Slice> matrices_of_head(const Checkpoint& checkpoint, model::Site site, std::size_t position) {
  const model::ModelSpec& spec = checkpoint.spec();
  std::vector<Slice> slices = model::unit_slices(spec, site, static_cast<int>(position));
  const auto kv_positions = spec.layout.at(site).kv_positions();
  for (Slice& slice : model::kv_slices(spec, site, kv_positions[position])) slices.push_back(std::move(slice));
  std::erase_if(slices, [&](const Slice& slice) { return !arch::is_matrix_slice(checkpoint, slice); });
  return slices;
}

double sum_of_squares(const Matrix& matrix) {
  double sum = 0;
  for (const double value : matrix.values) sum += value * value;
  return sum;
}

// Returns the sum of the squares of each row (axis 0) or column (axis 1).
std::vector<double> squares_along(const Matrix& matrix, int axis) {
  std::vector<double> sums(static_cast<std::size_t>(axis == 0 ? matrix.rows : matrix.columns), 0);
  for (std::int64_t i = 0; i < matrix.rows; ++i)
    for (std::int64_t j = 0; j < matrix.columns; ++j) {
      const double value = matrix.values[static_cast<std::size_t>(i * matrix.columns + j)];
      sums[static_cast<std::size_t>(axis == 0 ? i : j)] += value * value;
    }
  return sums;
}

// The matrices of one layer, each read once.
class LayerMatrices {
 public:
  explicit LayerMatrices(const Checkpoint& checkpoint) : checkpoint_(checkpoint) {}
  const Matrix& get(const std::string& name) {
    const auto found = read_.find(name);
    return found != read_.end() ? found->second : read_.emplace(name, arch::read_matrix(checkpoint_, name)).first->second;
  }

 private:
  const Checkpoint& checkpoint_;
  std::map<std::string, Matrix> read_;
};

}  // namespace

model::UnitTable<double> weight_l2(const Checkpoint& checkpoint) {
  model::UnitTable<double> table(checkpoint.spec().layout, model::SiteKind::attention);
  for (auto& [site, row] : table) {
    LayerMatrices matrices(checkpoint);
    for (std::size_t position = 0; position < row.size(); ++position) {
      double squares = 0;
      for (const Slice& slice : matrices_of_head(checkpoint, site, position))
        squares += sum_of_squares(arch::cut(matrices.get(slice.tensor), slice));
      row[position] = std::sqrt(squares);
    }
  }
  return table;
}

void add_neuron_norms(const Checkpoint& checkpoint, model::UnitTable<double>& table) {
  const model::ModelSpec& spec = checkpoint.spec();
  for (const model::Site site : spec.layout.sites(model::SiteKind::ffn)) {
    std::vector<double>& row = table[site];
    row.assign(spec.layout.at(site).units.size(), 0);
    // Of a matrix, the squares of each index along the axis on which neurons lie.
    std::map<std::string, std::vector<double>> squares;
    for (std::size_t position = 0; position < row.size(); ++position) {
      for (const Slice& slice : model::unit_slices(spec, site, static_cast<int>(position))) {
        if (!arch::is_matrix_slice(checkpoint, slice)) continue;
        const auto [found, unknown] = squares.try_emplace(slice.tensor);
        if (unknown) found->second = squares_along(arch::read_matrix(checkpoint, slice.tensor), slice.axis);
        for (std::int64_t i = slice.begin; i < slice.end; ++i) row[position] += found->second[static_cast<std::size_t>(i)];
      }
    }
    for (double& value : row) value = std::sqrt(value);
  }
}

OutputNorms output_norms(const Checkpoint& checkpoint) {
  OutputNorms norms{{}, model::UnitTable<double>(checkpoint.spec().layout, model::SiteKind::attention)};
  for (auto& [site, row] : norms.head) {
    LayerMatrices matrices(checkpoint);
    norms.layer[site] = 0;
    for (std::size_t position = 0; position < row.size(); ++position) {
      std::vector<Slice> slices = matrices_of_head(checkpoint, site, position);
      std::erase_if(slices, [](const Slice& slice) { return slice.role != model::SliceRole::output; });
      check(slices.size() == 1, "a head has one output projection");
      const Matrix& whole = matrices.get(slices[0].tensor);
      const Matrix part = arch::cut(whole, slices[0]);
      row[position] = spectral_norm(part.values, part.rows, part.columns);
      if (position == 0) norms.layer[site] = spectral_norm(whole.values, whole.rows, whole.columns);
    }
  }
  return norms;
}

}  // namespace hies::score
