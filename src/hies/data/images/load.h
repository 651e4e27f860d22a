#pragma once

#include <filesystem>

#include "hies/base/progress.h"
#include "hies/data/dataset.h"
#include "hies/data/rows.h"
#include "hies/data/task.h"
#include "hies/image/processor.h"
#include "hies/model/spec.h"

namespace hies::data {

// The chosen images of what `path` names (images/source.h), as the model reads them. What their labels mean: LabelReader, whose remarks
// become warnings.
// Throws bad_input for no images, labels that are missing or that the model does not know, a processor whose images do not fit the
// model; what open_images throws; and, with --skip-bad, when none can be read. Without it, an image that cannot be decoded is an
// error where it is first used.
Dataset load_images(const std::filesystem::path& path, const Task& task, const LoadOptions& options, const model::ModelSpec& spec,
                    const image::Processor& processor, int threads, Progress& progress);

}  // namespace hies::data
