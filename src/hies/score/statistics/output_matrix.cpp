#include "hies/score/statistics/output_matrix.h"

#include "hies/arch/weight_matrix.h"
#include "hies/model/tensors.h"
#include "hies/score/options.h"

namespace hies::score {
namespace {

// Returns the weights [E] of index `at` along the axis on which the units of an output matrix lie.
std::vector<double> weights_at(const arch::Matrix& matrix, int axis, std::int64_t at) {
  std::vector<double> weights(static_cast<std::size_t>(axis == 0 ? matrix.columns : matrix.rows));
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const auto other = static_cast<std::int64_t>(i);
    weights[i] = matrix.values[static_cast<std::size_t>(axis == 0 ? at * matrix.columns + other : other * matrix.columns + at)];
  }
  return weights;
}

bool is_output(const model::Slice& slice) {
  return slice.role == model::SliceRole::output || slice.role == model::SliceRole::down;
}

}  // namespace

model::UnitTable<double> sums_of_columns(const StatisticInput& input, const ColumnValue& value) {
  const model::ModelSpec& spec = input.checkpoint.spec();
  model::UnitTable<double> table;
  for (const auto& [site, units] : spec.layout) {
    if (!input.wants(site.kind)) continue;
    std::vector<double>& row = table[site];
    row.assign(units.units.size(), 0);
    arch::Matrix matrix;
    for (std::size_t position = 0; position < row.size(); ++position)
      for (const model::Slice& slice : model::unit_slices(spec, site, static_cast<int>(position))) {
        if (!is_output(slice)) continue;
        if (matrix.rows == 0) matrix = arch::read_matrix(input.checkpoint, slice.tensor);
        for (std::int64_t column = slice.begin; column < slice.end; ++column)
          row[position] += value(input.examples->output_inputs.at(site), static_cast<std::size_t>(column),
                                 weights_at(matrix, slice.axis, column));
      }
  }
  return table;
}

}  // namespace hies::score
