#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "hies/data/dataset.h"
#include "hies/eval/predict.h"

namespace hies::eval {

// Writes a TSV file with one row per example, in the order of the data file, and a header (docs/formats.md). `labels`: names of the
// model's classes, or empty for regression. `reference`, which may be null: answers to compare with. Throws bad_input when `path`
// exists and not `force`; io.
void write_predictions(const std::filesystem::path& path, const data::Dataset& dataset, const std::vector<std::string>& labels,
                       const Predictions& predictions, const Predictions* reference, bool force);

}  // namespace hies::eval
