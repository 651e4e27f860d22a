#pragma once

#include "hies/eval/predict.h"
#include "hies/evidence/records.h"
#include "hies/sweep/planner.h"

namespace hies::sweep {

// The model of a group of cells with a refit: what it answers, and what the refit did.
struct RefittedModel {
  eval::Predictions predictions;  // to the evaluation data
  evidence::Refitted refitted;
};

// Fits the output matrices of `model` without the group's units, as `hies prune --refit` does with the same calibration rows, or as the
// baseline of the cells does, and evaluates what comes out, masked. Throws what refit::refit and eval::predict throw.
RefittedModel evaluate_refitted(const RunInputs& data, const SweepOptions& options, const ScoredRun& scored,
                                const engine::Model& model, const MaskGroup& group);

}  // namespace hies::sweep
