#include "hies/eval/quality.h"

#include "hies/base/error.h"
#include "hies/data/metrics.h"

namespace hies::eval {

Metrics quality(const data::Task& task, const data::Dataset& dataset, const Predictions& predictions) {
  if (dataset.size() == 0) bad_input("{}: no examples to judge", dataset.source.string());
  Metrics metrics;
  if (!dataset.has_labels) return metrics;
  std::vector<double> labels;
  for (const data::Example& example : dataset.examples) labels.push_back(example.label);
  for (const std::string& name : task.metrics)
    metrics.emplace_back(name, data::metric(name).compute(predictions.answers, labels));
  return metrics;
}

}  // namespace hies::eval
