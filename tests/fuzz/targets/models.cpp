#include "models.h"

#include <algorithm>

#include "hies/base/error.h"
#include "hies/data/dataset.h"
#include "hies/engine/model.h"
#include "hies/eval/predict.h"

namespace hies::fuzz {
namespace {

class BlackImages : public model::ImageLoader {
 public:
  explicit BlackImages(const model::VisionSpec& vision) : shape_{vision.channels, vision.height, vision.width} {}
  Shape shape() const noexcept override { return shape_; }
  void write(std::span<const std::int64_t> /*indices*/, std::span<float> pixels) const override {
    std::fill(pixels.begin(), pixels.end(), 0.f);
  }
  std::string content_hash(std::int64_t /*index*/) const override { return "black"; }

 private:
  Shape shape_;
};

data::Example example_of(const model::ModelSpec& spec) {
  data::Example example;
  if (spec.reads_images()) {
    example.image = {std::make_shared<BlackImages>(spec.vision), 0};
    example.image_tokens = spec.vision.tokens(spec.vision.height, spec.vision.width);
    return example;
  }
  example.ids = {0, 1, 0};
  if (spec.problem == model::Problem::causal_lm) example.targets = 2;
  else example.type_ids.assign(example.ids.size(), 0);
  return example;
}

}  // namespace

std::vector<Bundle> golden_models(std::size_t most) {
  std::vector<std::filesystem::path> folders;
  for (const auto& entry : std::filesystem::directory_iterator(goldens()))
    if (std::filesystem::exists(entry.path() / "model/config.json")) folders.push_back(entry.path() / "model");
  std::sort(folders.begin(), folders.end());
  folders.push_back(source_dir() / "tests/data/v1/llama-pruned");
  std::vector<Bundle> models;
  for (const auto& folder : folders) {
    Bundle model = read_bundle(folder, {"config.json", ".safetensors", ".index.json"});
    model.erase("tokenizer_config.json");
    model.erase("preprocessor_config.json");
    std::size_t bytes = 0;
    for (const auto& [name, content] : model) bytes += content.size();
    if (bytes <= most) models.push_back(std::move(model));
  }
  return models;
}

void run_model(std::shared_ptr<const arch::Checkpoint> checkpoint) {
  engine::ExecutionOptions options;
  options.threads = 1;
  const engine::Model model = engine::Model::load(std::move(checkpoint), options);
  data::Dataset dataset;
  dataset.examples.push_back(example_of(model.spec()));
  eval::predict(model, dataset, nullptr, nullptr, 64);
}

}  // namespace hies::fuzz
