#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "hies/base/json.h"
#include "hies/data/dataset.h"
#include "hies/model/model.h"

namespace hies::data {

// The tiny classifiers of tests/golden.
inline const std::vector<std::string>& golden_names() {
  static const std::vector<std::string> names = {"bert-tiny",   "bert-reg",       "roberta-tiny", "distilbert-tiny",
                                                 "bert-legacy", "bert-v4-pruned", "llama-cls",    "gpt2-cls"};
  return names;
}

// A model of them, with the examples that Hugging Face was run on (tools/goldens/README.md).
struct GoldenModel {
  explicit GoldenModel(std::filesystem::path golden_folder) : folder(std::move(golden_folder)) {
    json = read_json(folder / "golden.json");
    checkpoint = std::make_shared<model::Checkpoint>(model::Checkpoint::open(folder / "model"));
    for (const Json& input : json["inputs"]) {
      Example example;
      example.ids = input["ids"].get<std::vector<std::int32_t>>();
      example.type_ids = input["type_ids"].get<std::vector<std::int32_t>>();
      example.label = input["label"].get<double>();
      example.row = static_cast<std::int64_t>(dataset.examples.size()) + 1;
      dataset.examples.push_back(std::move(example));
    }
    dataset.source = folder / "golden.json";
    dataset.has_labels = true;
    dataset.hash = content_hash(dataset.examples, true);
  }
  model::Model load(model::ComputeType type) const { return model::Model::load(checkpoint, type); }

  std::filesystem::path folder;
  Json json;
  std::shared_ptr<const model::Checkpoint> checkpoint;
  Dataset dataset;
};

}  // namespace hies::data
