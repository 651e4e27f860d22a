#pragma once

#include <memory>
#include <string>

#include "common_options.h"
#include "hies/base/progress.h"
#include "hies/data/dataset.h"
#include "hies/data/rows.h"
#include "hies/data/task.h"
#include "hies/model/model.h"
#include "hies/text/tokenizer.h"

namespace hies::cli {

// Checks --dtype and --threads, and sets the latter.
model::ComputeType prepare(const ComputeOptions& options);

// A checkpoint ready to run, with its tokenizer.
struct LoadedModel {
  std::shared_ptr<const model::Checkpoint> checkpoint;
  text::Tokenizer tokenizer;
  model::Model model;

  static LoadedModel load(const std::string& folder, model::ComputeType type);
  data::Dataset dataset(const std::string& file, const data::Task& task, const data::LoadOptions& options,
                        Progress& progress) const;
};

}  // namespace hies::cli
