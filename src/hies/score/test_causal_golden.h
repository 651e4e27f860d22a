#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "hies/base/json.h"
#include "hies/engine/model.h"
#include "hies/score/example_statistics.h"
#include "hies/score/golden_test.h"
#include "hies/score/objectives/objectives.h"

namespace hies::score {

// The tiny language models of tests/golden (tools/goldens/models_decoder.py).
inline const std::vector<std::string>& causal_golden_names() {
  static const std::vector<std::string> names = {"llama-gqa",    "llama-mqa",  "llama-mha",  "llama-dynamic", "llama-yarn",
                                                 "mistral-tiny", "qwen2-tiny", "qwen3-tiny", "gpt2-tiny"};
  return names;
}

struct CausalExample {
  std::vector<std::int32_t> ids;
  std::vector<std::int32_t> targets;  // what the last rows predict
};

// A model of them, with the examples that Hugging Face was run on.
struct CausalGolden {
  explicit CausalGolden(const std::string& name) : folder(std::filesystem::path(HIES_SOURCE_DIR) / "tests/golden" / name) {
    json = read_json(folder / "golden.json");
    checkpoint = std::make_shared<arch::Checkpoint>(arch::Checkpoint::open(folder / "model"));
    for (const Json& input : json["inputs"])
      examples.push_back({input["ids"].get<std::vector<std::int32_t>>(), input["targets"].get<std::vector<std::int32_t>>()});
  }
  engine::Model load(engine::ComputeType type) const { return engine::Model::load(checkpoint, engine::in_type(type)); }
  const model::Layout& layout() const { return checkpoint->spec().layout; }

  // The examples first … first + count-1.
  model::Batch batch(std::size_t first, std::size_t count) const {
    model::Batch batch;
    for (std::size_t x = first; x < first + count; ++x) add(batch, static_cast<std::int64_t>(x), examples[x]);
    return batch;
  }
  model::Batch batch() const { return batch(0, examples.size()); }
  static void add(model::Batch& batch, std::int64_t number, const CausalExample& example) {
    batch.add(number, example.ids, std::vector<std::int32_t>(example.ids.size()));
    const std::int64_t first = batch.token_count() - std::ssize(example.targets);
    for (std::size_t i = 0; i < example.targets.size(); ++i) {
      batch.target_rows.push_back(first + static_cast<std::int64_t>(i));
      batch.target_tokens.push_back(example.targets[i]);
    }
  }

  // A field [N][R] one after the other, as a batch's results are.
  Table flat(const std::string& key) const {
    Table row(1);
    for (const Json& values : json.at(key))
      for (const Json& value : values) row[0].push_back(value.get<double>());
    return row;
  }

  std::filesystem::path folder;
  Json json;
  std::shared_ptr<const arch::Checkpoint> checkpoint;
  std::vector<CausalExample> examples;
};

inline model::Recorder full_recorder() {
  model::Recorder recorder;
  recorder.want_inner = recorder.want_entropy = recorder.want_out_sq = true;
  return recorder;
}

// Returns all that a run with `loss` records of the examples, `at_once` of them in a batch.
inline ExampleStatistics statistics_of(const CausalGolden& golden, const engine::Model& model, const std::string& loss,
                                       std::size_t at_once) {
  const auto objective = make_objective(loss, model.spec(), {});
  ExampleStatistics statistics(golden.layout(), std::ssize(golden.examples), full_recorder(), true);
  for (std::size_t first = 0; first < golden.examples.size(); first += at_once) {
    const model::Batch batch = golden.batch(first, std::min(at_once, golden.examples.size() - first));
    model::Recorder recorder = full_recorder();
    const model::RunResult result = model.run(batch, {nullptr, objective.get(), &recorder});
    statistics.add(golden.layout(), batch, result, recorder);
  }
  return statistics;
}

inline std::string test_name(std::string name) {
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

}  // namespace hies::score
