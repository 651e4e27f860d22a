#pragma once

#include "hies/data/dataset.h"
#include "hies/data/task.h"
#include "hies/eval/predict.h"

namespace hies::eval {

// Throws bad_input for a share outside 0 … 1 or NaN.
void check_tolerance(double share);

// How far apart two predicted numbers may be and still agree: `share` of the task's label range; where the task has none (the
// user's own regression) of the range of the data set's labels, or of the reference's answers without labels (PAPER §3).
// In the unit of the labels. 0 for classes and choices. Throws bad_input for a share outside 0 … 1 or NaN.
double agreement_tolerance(const data::Task& task, const data::Dataset& dataset, const Predictions& reference, double share);

// Stability: share, 0 … 1, of the examples on which both give the same answer: the same class or choice (tolerance 0), or numbers no
// further apart than `tolerance`; of windows the share of judged places with the same most likely token. Both answer the same
// examples in the same order, at least one.
double stability(const Predictions& predictions, const Predictions& reference, double tolerance);

}  // namespace hies::eval
