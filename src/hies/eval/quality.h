#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "hies/base/progress.h"
#include "hies/data/dataset.h"
#include "hies/data/task.h"
#include "hies/eval/predict.h"

namespace hies::eval {

// Names as in data/metrics.h, in the task's order: the first is the primary metric. Shares are 0 … 1.
using Metrics = std::vector<std::pair<std::string, double>>;

// How well the answers agree with the labels, or how likely the texts are. Empty when the data set has no labels. Throws bad_input
// for an empty data set.
Metrics quality(const data::Task& task, const data::Dataset& dataset, const Predictions& predictions);

// Warns of the task's metrics that mean nothing on this data, because even right answers do not get their best value: correlations
// where all labels are equal, F1 where no label is class 1.
void warn_of_undefined_metrics(const data::Task& task, const data::Dataset& dataset, Progress& progress);

// A part of the data judged by itself.
struct GroupQuality {
  std::string name;
  std::int64_t examples = 0;
  Metrics metrics;
  bool operator==(const GroupQuality&) const = default;
};

// Of every category of the data set's groups, and of every group; those without examples are left out. Empty where the data set has
// no groups or no labels.
std::vector<GroupQuality> group_quality(const data::Task& task, const data::Dataset& dataset, const Predictions& predictions);

// Questions: the choice of each with the greatest log-likelihood per `length`, or as it is (null). Of equals the first.
std::vector<double> likeliest_choices(const data::Dataset& dataset, const Predictions& predictions,
                                      double (*length)(const data::EncodedChoice&));

}  // namespace hies::eval
