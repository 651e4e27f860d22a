#pragma once

#include <filesystem>

#include "hies/base/progress.h"
#include "hies/data/dataset.h"
#include "hies/data/rows.h"
#include "hies/data/task.h"
#include "hies/model/spec.h"
#include "hies/text/tokenizer.h"

namespace hies::data {

// The questions of a file, or of a folder with a file for each subject, in the chosen order, encoded as lm-evaluation-harness does.
// What is longer than the model's positions, or than max_length, loses its beginning.
// Throws bad_input for columns that are not there, a question with less than two choices, a right choice that there is not, a
// choice without tokens that is not left out, options of other tasks; and what read_table throws.
Dataset load_questions(const std::filesystem::path& file, const Task& task, const LoadOptions& options,
                       const model::ModelSpec& spec, const text::Tokenizer& tokenizer, int threads, Progress& progress);

}  // namespace hies::data
