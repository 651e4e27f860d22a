#include "hies/score/statistics/ae.h"

#include "hies/base/error.h"
#include "hies/score/scores.h"

namespace hies::score {

model::UnitTable<double> entropy(const model::Layout& layout, const ExampleStatistics& statistics) {
  model::UnitTable<double> table(layout, model::SiteKind::attention);
  for (auto& [site, row] : table) {
    const model::Recorder::Layer& recorded = statistics.layer(site.layer);
    const std::size_t heads = row.size();
    if (heads == 0) continue;
    std::int64_t examples = 0;
    for (std::size_t example = 0; example < recorded.entropy_queries.size(); ++example) {
      const std::int64_t queries = recorded.entropy_queries[example];
      if (queries == 0) continue;
      ++examples;
      for (std::size_t head = 0; head < heads; ++head)
        row[head] += recorded.entropy[example * heads + head] / static_cast<double>(queries);
    }
    if (examples == 0)
      throw Error(ErrorKind::bad_input, "attention entropy needs an example of at least two tokens, but there is none",
                  "leave ae out of `tables`, or give longer texts");
    for (double& sum : row) sum /= static_cast<double>(examples);
  }
  return table;
}

// Attention entropy, AE (HIES paper, App. B.2.1).
Statistic ae_statistic() {
  return {.name = "ae",
          .description = "attention entropy, 0 (one key) … 1 (all keys alike)",
          .by_default = true,
          .record = [](model::Recorder& recorder) { recorder.want_entropy = true; },
          .tables = {{"ae", Aggregation::mean}},
          .reduce = [](const StatisticInput& input,
                       Scores& scores) { scores.tables["ae"] = entropy(scores.layout, *input.examples); }};
}

}  // namespace hies::score
