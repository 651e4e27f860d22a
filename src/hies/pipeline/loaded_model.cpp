#include "hies/pipeline/loaded_model.h"

#include <fmt/format.h>

#include "hies/prune/zeroed.h"

#include <future>

namespace hies::pipeline {

LoadedModel load_model(const std::filesystem::path& folder, const engine::ExecutionOptions& execution, Progress& progress) {
  return load_model(std::make_shared<const arch::Checkpoint>(arch::Checkpoint::open(folder, progress)), execution);
}

LoadedModel load_model(std::shared_ptr<const arch::Checkpoint> checkpoint, const engine::ExecutionOptions& execution) {
  // The tokenizer is read while the weights are. Where both fail, the error of the weights is thrown.
  auto reading = std::async(std::launch::async, [&checkpoint] { return data::load_preprocessor(*checkpoint); });
  engine::Model model = engine::Model::load(checkpoint, execution);
  data::Preprocessor preprocessor = reading.get();
  return {std::move(checkpoint), std::move(preprocessor), std::move(model)};
}

void warn_of_zeroed_heads(const arch::Checkpoint& checkpoint, Progress& progress) {
  const model::UnitSet zeroed = prune::zeroed_units(checkpoint).of(model::SiteKind::attention);
  if (!zeroed.empty())
    progress.warn(
        fmt::format("{} of the {} heads of {} are zero already, but still count as heads: start from a checkpoint "
                    "that was pruned without `keep_shapes`",
                    zeroed.count(), checkpoint.spec().layout.count(model::SiteKind::attention), checkpoint.folder().string()));
}

}  // namespace hies::pipeline
