#include "hies/eval/latency_check.h"

#include "hies/base/stored.h"
#include "hies/eval/number_json.h"
#include "hies/eval/uniform_batch.h"

namespace hies::eval {

LatencyCheck check_prediction(const prune::LatencyTable& table, const engine::Model& dense, const engine::Model& pruned,
                              const LatencyOptions& options, Progress& progress) {
  check_options(options);
  const model::Batch batch = uniform_batch(dense.spec(), table.setting.batch, table.setting.tokens);
  const std::vector<Work> works = {[&](std::int64_t) { dense.run(batch); }, [&](std::int64_t) { pruned.run(batch); }};
  const RunTimes times = measure_alternately(works, options.latency_seconds, options.latency_rounds, wall_clock(), progress);
  std::vector<double> ratios;
  for (std::size_t round = 0; round < times[0].size(); ++round) ratios.push_back(times[1][round] / times[0][round]);
  const double predicted = table.predicted_ms(dense.spec().layout, pruned.spec().layout) / table.whole.least;
  return {table.setting, predicted, spread(ratios), spread(times[0]), spread(times[1])};
}

Json to_json(const LatencyCheck& check) {
  return {{"setting", to_stored(check.setting)},     {"predicted", check.predicted},
          {"measured", spread_json(check.measured)}, {"error", check.error()},
          {"dense_ms", spread_json(check.dense_ms)}, {"pruned_ms", spread_json(check.pruned_ms)}};
}

}  // namespace hies::eval
