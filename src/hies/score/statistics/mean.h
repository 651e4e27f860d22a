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

// Adds the rows of the ffn sites: the sums over examples that were recorded of each neuron, divided by the number of examples.
inline void add_neuron_means(const model::Layout& layout, const ExampleStatistics& statistics,
                             std::vector<double> model::Recorder::Layer::*sums, model::UnitTable<double>& table) {
  for (const model::Site site : layout.sites(model::SiteKind::ffn)) {
    std::vector<double>& row = table[site];
    row = statistics.layer(site.layer).*sums;
    for (double& sum : row) sum /= static_cast<double>(statistics.size());
  }
}

}  // namespace hies::score
