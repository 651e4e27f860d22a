#pragma once

#include <filesystem>

#include "hies/arch/checkpoint.h"
#include "hies/base/progress.h"
#include "hies/data/dataset.h"
#include "hies/data/preprocessor.h"
#include "hies/data/rows.h"
#include "hies/data/task.h"

namespace hies::data {

// Returns the chosen rows, windows, questions or images of what `file` names as the model reads them, made on `threads` threads (0: one
// per core); the result does not depend on them. Of texts that get one answer, max_length: what options say, else the smaller of the tokenizer's
// model_max_length and the model's positions. Warns when examples were cut, and of what the tokenizer warns of.
// Throws bad_input when max_length exceeds the model's positions; and what check_token_ids, load_rows, load_windows, load_questions and load_images throw.
Dataset load_dataset(const std::filesystem::path& file, const Task& task, const LoadOptions& options,
                     const arch::Checkpoint& checkpoint, const Preprocessor& preprocessor, Progress& progress, int threads = 0);

}  // namespace hies::data
