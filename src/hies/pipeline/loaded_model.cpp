#include "hies/pipeline/loaded_model.h"

#include <fmt/format.h>

#include "hies/prune/zeroed.h"

#include <future>

namespace hies::pipeline {

LoadedModel load_model(const std::filesystem::path& folder, const std::string& dtype) {
  return load_model(std::make_shared<const model::Checkpoint>(model::Checkpoint::open(folder)), dtype);
}

LoadedModel load_model(std::shared_ptr<const model::Checkpoint> checkpoint, const std::string& dtype) {
  const model::ComputeType type = model::parse_compute_type(dtype);
  // The tokenizer is read while the weights are. Where both fail, the error of the weights is thrown.
  auto reading = std::async(std::launch::async, [&checkpoint] { return data::load_preprocessor(*checkpoint); });
  model::Model model = model::Model::load(checkpoint, type);
  data::Preprocessor preprocessor = reading.get();
  return {std::move(checkpoint), std::move(preprocessor), std::move(model)};
}

void warn_of_zeroed_heads(const model::Checkpoint& checkpoint, Progress& progress) {
  const prune::ZeroedHeads zeroed = prune::zeroed_heads(checkpoint);
  if (!zeroed.empty())
    progress.warn(
        fmt::format("{} of the {} heads of {} are zero already, but still count as heads: start from a checkpoint "
                    "that was pruned without `keep_shapes`",
                    prune::count(zeroed), model::head_count(checkpoint.spec().layers), checkpoint.folder().string()));
}

}  // namespace hies::pipeline
