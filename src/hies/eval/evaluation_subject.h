#pragma once

#include "hies/data/dataset.h"
#include "hies/engine/model.h"
#include "hies/eval/predict.h"
#include "hies/model/objective.h"
#include "hies/prune/plan.h"

namespace hies::eval {

// A model as it answers a data set. What is pointed at outlives the subject.
struct EvaluationSubject {
  const engine::Model& model;
  const data::Dataset& dataset;                 // encoded with this model's tokenizer
  const prune::Plan* plan = nullptr;            // heads to mask; null: none
  const model::Objective* objective = nullptr;  // null: no losses
  const Predictions* known = nullptr;           // what it answers, where that has been computed before
};

}  // namespace hies::eval
