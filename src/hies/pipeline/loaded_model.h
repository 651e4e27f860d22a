#pragma once

#include <filesystem>
#include <memory>

#include "hies/arch/checkpoint.h"
#include "hies/base/progress.h"
#include "hies/data/preprocessor.h"
#include "hies/engine/model.h"

namespace hies::pipeline {

// A checkpoint in memory together with its tokenizer or image processor: all that is needed to run it on texts or images.
struct LoadedModel {
  std::shared_ptr<const arch::Checkpoint> checkpoint;
  data::Preprocessor preprocessor;
  engine::Model model;
};

// Loads a checkpoint. Throws what Checkpoint::open, load_preprocessor and Model::load throw; warns as Checkpoint::open does.
LoadedModel load_model(const std::filesystem::path& folder, const engine::ExecutionOptions& execution,
                       Progress& progress = silent_progress());
LoadedModel load_model(std::shared_ptr<const arch::Checkpoint> checkpoint, const engine::ExecutionOptions& execution);

// Warns of heads that were zeroed instead of removed (`keep_shapes`): they still count as heads and are ranked with the others.
void warn_of_zeroed_heads(const arch::Checkpoint& checkpoint, Progress& progress);

}  // namespace hies::pipeline
