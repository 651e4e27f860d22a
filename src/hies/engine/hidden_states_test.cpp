// An encoder whose task head is not read gives what the head would have read: the golden logits follow from it.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "hies/base/test_files.h"
#include "hies/engine/model.h"
#include "hies/formats/float_conversion.h"

namespace hies::engine {
namespace {

using Checkpoint = std::shared_ptr<const arch::Checkpoint>;

std::vector<double> times(const Checkpoint& whole, const model::MatrixSpec& matrix, const std::vector<double>& x) {
  const std::vector<double> weight = formats::to_double(*whole->find(matrix.name + ".weight"));
  std::vector<double> y = formats::to_double(*whole->find(matrix.name + ".bias"));
  for (std::size_t row = 0; row < y.size(); ++row)
    for (std::size_t i = 0; i < x.size(); ++i) y[row] += weight[row * x.size() + i] * x[i];
  return y;
}

// The logits that a head gives for a hidden state.
std::vector<double> head_of(const Checkpoint& whole, std::vector<double> state) {
  for (const model::TaskHeadSpec::Dense& dense : whole->spec().head.dense) {
    state = times(whole, dense.matrix, state);
    for (double& value : state) value = dense.activation == model::Activation::tanh ? std::tanh(value) : std::max(value, 0.0);
  }
  return times(whole, whole->spec().head.classifiers.front(), state);
}

struct HiddenStates : testing::TestWithParam<std::pair<const char*, const char*>> {
  std::filesystem::path golden = std::filesystem::path(HIES_SOURCE_DIR) / "tests/golden" / GetParam().first;
  TestFolder folder;

  static Checkpoint open(const std::filesystem::path& model) {
    return std::make_shared<const arch::Checkpoint>(arch::Checkpoint::open(model));
  }
  // A copy under another class of its family.
  Checkpoint other() const {
    std::filesystem::copy(golden / "model", folder.folder("model"), std::filesystem::copy_options::recursive);
    Json config = read_json(folder / "model/config.json");
    config["architectures"] = {GetParam().second};
    write_file(folder / "model/config.json", config.dump(), true);
    return open(folder / "model");
  }
};

TEST_P(HiddenStates, AreWhatTheHeadReads) {
  const Checkpoint whole = open(golden / "model"), bare = other();
  ASSERT_FALSE(bare->has_task_head());
  ExecutionOptions options = in_type(ComputeType::float64);
  options.threads = 1;
  const Model model = Model::load(bare, options);
  const Json expected = read_json(golden / "golden.json");
  model::Batch batch;
  std::int64_t count = 0;
  for (const Json& input : expected["inputs"])
    batch.add(count++, input["ids"].get<std::vector<std::int32_t>>(), input["type_ids"].get<std::vector<std::int32_t>>());
  const model::RunResult result = model.run(batch);
  const auto E = static_cast<std::ptrdiff_t>(bare->spec().hidden);
  ASSERT_EQ(result.classes, E);
  ASSERT_EQ(std::ssize(result.logits), count * E);
  double greatest = 0, error = 0;
  for (std::ptrdiff_t b = 0; b < count; ++b) {
    const auto state = result.logits.begin() + b * E;
    const std::vector<double> logits = head_of(whole, {state, state + E});
    const auto wanted = expected["logits"][static_cast<std::size_t>(b)].get<std::vector<double>>();
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      greatest = std::max(greatest, std::abs(wanted[i]));
      error = std::max(error, std::abs(logits[i] - wanted[i]));
    }
  }
  EXPECT_LT(error, 1e-10 * greatest);
}

INSTANTIATE_TEST_SUITE_P(Models, HiddenStates,
                         testing::Values(std::pair{"bert-tiny", "BertForTokenClassification"},
                                         std::pair{"roberta-tiny", "RobertaForMaskedLM"},
                                         std::pair{"xlm-roberta-tiny", "XLMRobertaForTokenClassification"},
                                         std::pair{"camembert-tiny", "CamembertForMaskedLM"},
                                         std::pair{"distilbert-tiny", "DistilBertForMultipleChoice"}));

}  // namespace
}  // namespace hies::engine
