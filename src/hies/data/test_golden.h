#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "hies/arch/checkpoint.h"
#include "hies/base/json.h"
#include "hies/data/dataset.h"
#include "hies/engine/model.h"

namespace hies::data {

// The tiny classifiers of tests/golden.
inline const std::vector<std::string>& golden_names() {
  static const std::vector<std::string> names = {
      "bert-tiny",   "bert-reg",       "roberta-tiny", "xlm-roberta-tiny", "camembert-tiny", "distilbert-tiny",
      "bert-legacy", "bert-v4-pruned", "llama-cls",    "gpt2-cls",         "vit-tiny",       "vit-grey",
      "vit-larger",  "deit-tiny",      "deit-teacher", "dinov2-tiny",      "dinov2-gated"};
  return names;
}

// Rows of numbers, one row for each layer, as goldens hold tables of heads.
using HeadRows = std::vector<std::vector<double>>;

// Return the rows as a table of the attention sites, and back.
inline model::UnitTable<double> unit_table(const HeadRows& rows) {
  model::UnitTable<double> table;
  for (std::size_t layer = 0; layer < rows.size(); ++layer) table[model::attention_site(static_cast<int>(layer))] = rows[layer];
  return table;
}
inline HeadRows rows_of(const model::UnitTable<double>& table) {
  HeadRows rows;
  for (const auto& [site, row] : table) rows.push_back(row);
  return rows;
}

// Images of a golden: 0 … 255 becomes −1 … 1.
class GoldenImages : public model::ImageLoader {
 public:
  explicit GoldenImages(const Json& inputs) {
    const Json& shape = inputs[0].at("shape");
    shape_ = {shape[0].get<int>(), shape[1].get<int>(), shape[2].get<int>()};
    for (const Json& input : inputs) pixels_.push_back(input.at("pixels").get<std::vector<float>>());
  }
  Shape shape() const noexcept override { return shape_; }
  void write(std::span<const std::int64_t> indices, std::span<float> pixels) const override {
    auto to = pixels.begin();
    for (const std::int64_t index : indices)
      for (const float value : pixels_.at(static_cast<std::size_t>(index))) *to++ = value / 127.5f - 1;
  }
  std::string content_hash(std::int64_t index) const override { return std::to_string(index); }

 private:
  Shape shape_;
  std::vector<std::vector<float>> pixels_;
};

// A model of them, with the examples that Hugging Face was run on (tools/goldens/README.md).
struct GoldenModel {
  explicit GoldenModel(std::filesystem::path golden_folder) : folder(std::move(golden_folder)) {
    json = read_json(folder / "golden.json");
    checkpoint = std::make_shared<arch::Checkpoint>(arch::Checkpoint::open(folder / "model"));
    for (const Json& input : json["inputs"]) {
      Example example;
      if (checkpoint->spec().reads_images()) {
        if (images == nullptr) images = std::make_shared<GoldenImages>(json["inputs"]);
        example.image = {images, dataset.size()};
        example.image_tokens = input["tokens"].get<std::int64_t>();
      } else {
        example.ids = input["ids"].get<std::vector<std::int32_t>>();
        example.type_ids = input["type_ids"].get<std::vector<std::int32_t>>();
      }
      example.label = input["label"].get<double>();
      example.row = static_cast<std::int64_t>(dataset.examples.size()) + 1;
      dataset.examples.push_back(std::move(example));
    }
    dataset.source = folder / "golden.json";
    dataset.has_labels = true;
    dataset.hash = content_hash(dataset.examples, true);
  }
  // `threads`: 0 for one per core; tiny models lose time with more than one.
  engine::Model load(engine::ComputeType type, int threads = 0) const {
    engine::ExecutionOptions options = engine::in_type(type);
    options.threads = threads;
    return engine::Model::load(checkpoint, options);
  }

  std::filesystem::path folder;
  Json json;
  std::shared_ptr<const arch::Checkpoint> checkpoint;
  std::shared_ptr<const model::ImageLoader> images;  // null for texts
  Dataset dataset;
};

}  // namespace hies::data
