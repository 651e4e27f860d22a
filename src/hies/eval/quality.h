#pragma once

#include <string>
#include <utility>
#include <vector>

#include "hies/data/dataset.h"
#include "hies/data/task.h"
#include "hies/eval/predict.h"

namespace hies::eval {

// Names as in data/metrics.h, in the task's order: the first is the primary metric. Shares are 0 … 1.
using Metrics = std::vector<std::pair<std::string, double>>;

// How well the answers agree with the labels. Empty when the data set has no labels. Throws bad_input for an empty data set.
Metrics quality(const data::Task& task, const data::Dataset& dataset, const Predictions& predictions);

}  // namespace hies::eval
