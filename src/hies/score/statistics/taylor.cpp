#include "hies/score/statistics/taylor.h"

#include <cmath>
#include <map>

#include "hies/arch/weight_matrix.h"
#include "hies/base/error.h"
#include "hies/model/tensors.h"
#include "hies/score/scores.h"
#include "hies/score/statistics/statistic.h"

namespace hies::score {

std::vector<double> taylor_along(const arch::Checkpoint& checkpoint, const engine::WeightGradients& gradients,
                                 const std::string& tensor, int axis) {
  const arch::Matrix matrix = arch::read_matrix(checkpoint, tensor);
  const std::vector<double> gradient = gradients.of(tensor);
  std::vector<double> sums(static_cast<std::size_t>(axis == 0 ? matrix.rows : matrix.columns), 0);
  if (gradient.empty()) return sums;  // what no result depends on
  check(gradient.size() == matrix.values.size(), "a gradient of another shape than that of " + tensor);
  for (std::int64_t i = 0; i < matrix.rows; ++i)
    for (std::int64_t j = 0; j < matrix.columns; ++j) {
      const auto at = static_cast<std::size_t>(i * matrix.columns + j);
      sums[static_cast<std::size_t>(axis == 0 ? i : j)] += std::abs(matrix.values[at] * gradient[at]);
    }
  return sums;
}

namespace {

// Returns the sum over the unit's weights, those of the KV head that it reads among them.
model::UnitTable<double> taylor_table(const StatisticInput& input) {
  const model::ModelSpec& spec = input.checkpoint.spec();
  model::UnitTable<double> table;
  for (const auto& [site, units] : spec.layout) {
    if (!input.wants(site.kind)) continue;
    std::vector<double>& row = table[site];
    row.assign(units.units.size(), 0);
    const std::vector<std::int32_t> kv = site.kind == model::SiteKind::ffn ? std::vector<std::int32_t>() : units.kv_positions();
    std::map<std::string, std::vector<double>> known;
    for (std::size_t position = 0; position < row.size(); ++position) {
      std::vector<model::Slice> slices = model::unit_slices(spec, site, static_cast<int>(position));
      if (!kv.empty())
        for (model::Slice& slice : model::kv_slices(spec, site, kv[position])) slices.push_back(std::move(slice));
      for (const model::Slice& slice : slices) {
        if (!arch::is_matrix_slice(input.checkpoint, slice)) continue;
        const auto [sums, is_new] = known.try_emplace(slice.tensor);
        if (is_new) sums->second = taylor_along(input.checkpoint, input.examples->weight_gradients, slice.tensor, slice.axis);
        for (std::int64_t i = slice.begin; i < slice.end; ++i) row[position] += sums->second[static_cast<std::size_t>(i)];
      }
    }
    for (double& value : row) value /= static_cast<double>(input.examples->size());
  }
  return table;
}

}  // namespace

// First-order Taylor expansion in single weights (Molchanov et al. 2019; LLM-Pruner, arXiv 2305.11627, "param_first"): |w·∂Loss/∂w| with
// the mean gradient of all examples, summed over the matrices of a unit.
Statistic taylor_statistic() {
  return {.name = "taylor",
          .description = "|weight × mean gradient of the loss|, summed over the unit's matrices",
          .sites = {model::SiteKind::attention, model::SiteKind::ffn},
          .needs_gradient = true,
          .record = [](model::Recorder& recorder) { recorder.want_weight_gradients = true; },
          .tables = {{"taylor"}},
          .reduce = [](const StatisticInput& input, Scores& scores) { scores.tables["taylor"] = taylor_table(input); }};
}

}  // namespace hies::score
