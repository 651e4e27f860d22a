#include "hies/score/methods/random.h"

#include "hies/base/rng.h"

namespace hies::score {

Method random_method() {
  return {.name = "random",
          .description = "uniform; report the mean of many seeds, never one draw",
          .tables = {},
          .keep_scores =
              [](const Scores& scores, const MethodOptions& options) {
                Rng rng(options.seed);
                model::HeadTable<double> table;
                for (const model::LayerHeads& layer : scores.layout) {
                  std::vector<double> draws(static_cast<std::size_t>(layer.original_heads));
                  for (double& draw : draws) draw = rng.uniform();
                  auto& row = table.emplace_back();
                  for (const int head : layer.heads) row.push_back(draws[static_cast<std::size_t>(head)]);
                }
                return table;
              },
          .drawn = true};
}

}  // namespace hies::score
