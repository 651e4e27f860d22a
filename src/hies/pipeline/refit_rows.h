#pragma once

#include "hies/base/progress.h"
#include "hies/data/dataset.h"
#include "hies/refit/options.h"

namespace hies::pipeline {

// Calibration rows, divided: those that are scored, those that a refit fits with, and those that judge it.
struct CalibrationParts {
  data::Dataset scored, fitted, heldout;
};

// Returns how many rows of a file a job with a refit takes: `scored` and the refit's own.
std::int64_t rows_wanted(std::int64_t scored, const refit::RefitOptions& options);

// Divides rows in their order: the first `scored` are scored, the next refit_examples fitted with, the last refit_heldout held out. Of
// fewer rows than all of them need, a fifth is held out and the rest serves for scores and fit alike, with a warning.
// Throws bad_input for fewer than 2 rows, where some are to be held out.
CalibrationParts divide(const data::Dataset& rows, std::int64_t scored, const refit::RefitOptions& options, Progress& progress);

}  // namespace hies::pipeline
