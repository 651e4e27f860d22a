#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "hies/base/json.h"
#include "hies/data/dataset.h"
#include "hies/model/model.h"

namespace hies::score {

using Table = model::HeadTable<double>;

inline const std::vector<std::string>& golden_names() {
  static const std::vector<std::string> names = {"bert-tiny",       "bert-reg",    "roberta-tiny",
                                                 "distilbert-tiny", "bert-legacy", "bert-v4-pruned"};
  return names;
}

// A tiny model, tests/golden/<name>, and what Hugging Face computes of it in float64 (tools/goldens/README.md).
struct Golden {
  explicit Golden(std::filesystem::path golden_folder) : folder(std::move(golden_folder)) {
    json = read_json(folder / "golden.json");
    checkpoint = std::make_shared<model::Checkpoint>(model::Checkpoint::open(folder / "model"));
    for (const Json& input : json["inputs"]) {
      data::Example example;
      example.ids = input["ids"].get<std::vector<std::int32_t>>();
      example.type_ids = input["type_ids"].get<std::vector<std::int32_t>>();
      example.label = input["label"].get<double>();
      example.row = static_cast<std::int64_t>(dataset.examples.size()) + 1;
      dataset.examples.push_back(std::move(example));
    }
    dataset.source = folder / "golden.json";
    dataset.has_labels = true;
    dataset.hash = data::content_hash(dataset.examples, true);
  }
  model::Model load(model::ComputeType type) const { return model::Model::load(checkpoint, type); }
  std::string task_loss() const { return json["task_loss"].get<std::string>(); }
  // Losses that the golden holds scores for.
  std::vector<std::string> losses() const {
    std::vector<std::string> names;
    for (const auto& [name, values] : json["his"].items()) names.push_back(name);
    return names;
  }
  Table table(const std::string& key) const { return json.at(key).get<Table>(); }
  Table table(const std::string& key, const std::string& loss) const { return json.at(key).at(loss).get<Table>(); }

  std::filesystem::path folder;
  Json json;
  std::shared_ptr<const model::Checkpoint> checkpoint;
  data::Dataset dataset;
};

inline double largest(const Table& table) {
  double most = 0;
  for (const auto& row : table)
    for (const double value : row) most = std::max(most, std::abs(value));
  return most;
}

// Largest difference over the largest wanted value; infinite for tables of another form.
inline double relative_error(const Table& got, const Table& wanted) {
  if (got.size() != wanted.size()) return HUGE_VAL;
  double most = 0;
  for (std::size_t layer = 0; layer < got.size(); ++layer) {
    if (got[layer].size() != wanted[layer].size()) return HUGE_VAL;
    for (std::size_t head = 0; head < got[layer].size(); ++head)
      most = std::max(most, std::abs(got[layer][head] - wanted[layer][head]));
  }
  return most / largest(wanted);
}

}  // namespace hies::score
