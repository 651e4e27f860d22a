#pragma once

#include "hies/base/error.h"
#include "hies/model/unit_table.h"
#include "hies/score/example_statistics.h"

namespace hies::score {

// Returns the mean over examples of value(recorded layer, example, index of (example, head)). It adds up in the order of the data set.
template <class Value>
model::UnitTable<double> mean_over_examples(const model::Layout& layout, const ExampleStatistics& statistics,
                                            const Value& value) {
  model::UnitTable<double> table(layout, model::SiteKind::attention);
  const auto examples = static_cast<std::size_t>(statistics.size());
  check(examples > 0, "scores of no examples");
  for (auto& [site, row] : table) {
    const std::size_t heads = row.size();
    for (std::size_t example = 0; example < examples; ++example)
      for (std::size_t head = 0; head < heads; ++head)
        row[head] += value(statistics.layer(site.layer), example, example * heads + head);
    for (double& sum : row) sum /= static_cast<double>(examples);
  }
  return table;
}

}  // namespace hies::score
