#pragma once

#include <filesystem>

#include "hies/base/progress.h"
#include "hies/data/dataset.h"
#include "hies/data/preprocessor.h"
#include "hies/data/rows.h"
#include "hies/data/task.h"
#include "hies/model/checkpoint.h"

namespace hies::data {

// The chosen rows, windows, questions or images of what `file` names as the model reads them. Of texts that get one answer,
// max_length: what options say, else the smaller of the tokenizer's model_max_length and the model's positions. Warns when
// examples were cut. Throws bad_input when max_length exceeds the model's positions, and when the tokenizer's ids do not fit the
// embedding; and what load_rows, load_windows, load_questions and load_images throw.
Dataset load_dataset(const std::filesystem::path& file, const Task& task, const LoadOptions& options,
                     const model::Checkpoint& checkpoint, const Preprocessor& preprocessor, Progress& progress);

}  // namespace hies::data
