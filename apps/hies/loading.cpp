#include "loading.h"

#include "hies/base/error.h"
#include "hies/study/encode.h"

namespace hies::cli {

model::ComputeType prepare(const ComputeOptions& options) {
  constexpr std::int64_t kMost = 4096;
  if (options.threads < 0 || options.threads > kMost) bad_input("--threads is {}, but it must be within 0 … {}", options.threads, kMost);
  const model::ComputeType type = model::parse_compute_type(options.dtype);
  model::set_threads(static_cast<int>(options.threads));
  return type;
}

LoadedModel LoadedModel::load(const std::string& folder, model::ComputeType type) {
  auto checkpoint = std::make_shared<const model::Checkpoint>(model::Checkpoint::open(folder));
  auto tokenizer = text::Tokenizer::load(checkpoint->folder(), checkpoint->spec().model_type);
  auto model = model::Model::load(checkpoint, type);
  Progress::throw_if_cancelled();
  return {std::move(checkpoint), std::move(tokenizer), std::move(model)};
}

data::Dataset LoadedModel::dataset(const std::string& file, const data::Task& task, const data::LoadOptions& options,
                                   Progress& progress) const {
  data::Dataset dataset = study::load_dataset(file, task, options, *checkpoint, tokenizer, progress);
  Progress::throw_if_cancelled();
  return dataset;
}

}  // namespace hies::cli
