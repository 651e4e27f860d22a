#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "hies/base/progress.h"
#include "hies/data/preprocessor.h"
#include "hies/model/checkpoint.h"
#include "hies/model/model.h"

namespace hies::pipeline {

// A checkpoint in memory together with its tokenizer or image processor: all that is needed to run it on texts or images.
struct LoadedModel {
  std::shared_ptr<const model::Checkpoint> checkpoint;
  data::Preprocessor preprocessor;
  model::Model model;
};

// Loads a checkpoint. `dtype` is the computation type: "float32", "bfloat16" or "float64". Throws what Checkpoint::open,
// load_preprocessor and Model::load throw.
LoadedModel load_model(const std::filesystem::path& folder, const std::string& dtype);
LoadedModel load_model(std::shared_ptr<const model::Checkpoint> checkpoint, const std::string& dtype);

// Warns of heads that were zeroed instead of removed (`keep_shapes`): they still count as heads and are ranked with the others.
void warn_of_zeroed_heads(const model::Checkpoint& checkpoint, Progress& progress);

}  // namespace hies::pipeline
