// What must hold of logits under pruning, for every family: the physically smaller model answers as the masked one does.

#include <gtest/gtest.h>

#include "hies/base/test_files.h"
#include "hies/eval/predict.h"
#include "hies/pipeline/logit_match.h"
#include "hies/prune/surgery.h"
#include "hies/score/golden_test.h"

namespace hies::pipeline {
namespace {

using model::ComputeType;
using score::Golden;

constexpr std::int64_t kBatchTokens = 64;

class PrunedLogits : public testing::TestWithParam<std::string> {
 protected:
  using Pair = std::pair<ComputeType, double>;  // computation type, tolerance as a share of the largest |logit|
  static constexpr Pair kTypes[] = {{ComputeType::float64, 1e-10}, {ComputeType::float32, 1e-5}};

  const model::HeadLayout& layout() const { return golden.checkpoint->spec().layers; }

  // Removes every present head for which `gone(layer, position)`.
  template <class Gone>
  static prune::Plan plan_for(const model::Checkpoint& checkpoint, const Gone& gone) {
    prune::Plan plan;
    plan.model_hash = checkpoint.hash();
    const model::HeadLayout& layout = checkpoint.spec().layers;
    for (std::size_t layer = 0; layer < layout.size(); ++layer)
      for (std::size_t position = 0; position < layout[layer].heads.size(); ++position)
        if (gone(layer, position)) plan.pruned[static_cast<int>(layer)].push_back(layout[layer].heads[position]);
    return plan;
  }
  // The golden's own mask, which empties a layer.
  prune::Plan golden_plan() const {
    const auto mask = golden.json["mask"].get<model::HeadTable<int>>();
    return plan_for(*golden.checkpoint, [&](std::size_t layer, std::size_t position) { return mask[layer][position] == 0; });
  }

  std::shared_ptr<const model::Checkpoint> pruned(const model::Checkpoint& source, const prune::Plan& plan, std::string_view name,
                                                  bool keep_shapes = false) const {
    prune::SurgeryOptions options;
    options.keep_shapes = keep_shapes;
    prune::write_pruned(source, plan, options, "", folder.folder(name), silent_progress());
    return std::make_shared<model::Checkpoint>(model::Checkpoint::open(folder / name));
  }

  eval::Predictions answers(const std::shared_ptr<const model::Checkpoint>& checkpoint, ComputeType type,
                            const model::HeadGates* gates = nullptr) const {
    return eval::predict(model::Model::load(checkpoint, type), golden.dataset, gates, nullptr, kBatchTokens);
  }

  // Hugging Face's logits in float64.
  eval::Predictions wanted(const char* key) const {
    eval::Predictions predictions;
    for (const auto& row : golden.json[key].get<std::vector<std::vector<double>>>())
      predictions.logits.insert(predictions.logits.end(), row.begin(), row.end());
    predictions.answers.resize(golden.dataset.examples.size());
    return predictions;
  }

  static void expect_match(const eval::Predictions& got, const eval::Predictions& wanted, double tolerance) {
    const LogitMatch match = match_logits(got, wanted);
    ASSERT_GT(match.largest_logit, 0);
    EXPECT_LE(match.largest_difference, tolerance * match.largest_logit);
  }

  // The model without the plan's heads beside the model with them masked.
  void expect_pruned_is_masked(const prune::Plan& plan, bool keep_shapes = false) const {
    const model::HeadGates gates = prune::gates(plan, layout());
    const auto smaller = pruned(*golden.checkpoint, plan, "pruned", keep_shapes);
    EXPECT_EQ(smaller->spec().layers, keep_shapes ? layout() : prune::pruned_layout(plan, layout()));
    for (const auto& [type, tolerance] : kTypes) {
      SCOPED_TRACE(tolerance);
      expect_match(answers(smaller, type), answers(golden.checkpoint, type, &gates), tolerance);
    }
  }

  TestFolder folder;
  Golden golden{HIES_SOURCE_DIR "/tests/golden/" + GetParam()};
};

TEST_P(PrunedLogits, PruningNothingChangesNothing) {
  const auto same = pruned(*golden.checkpoint, plan_for(*golden.checkpoint, [](auto, auto) { return false; }), "same");
  EXPECT_EQ(same->spec().layers, layout());
  for (const auto& [type, tolerance] : kTypes)
    EXPECT_EQ(answers(same, type).logits, answers(golden.checkpoint, type).logits) << tolerance;
}

TEST_P(PrunedLogits, MaskedLogitsAreHuggingFaces) {
  const model::HeadGates gates = prune::gates(golden_plan(), layout());
  for (const auto& [type, tolerance] : kTypes)
    expect_match(answers(golden.checkpoint, type, &gates), wanted("masked_logits"), tolerance);
}

TEST_P(PrunedLogits, PrunedIsMaskedWithALayerEmptied) {
  const prune::Plan plan = golden_plan();
  const model::HeadLayout left = prune::pruned_layout(plan, layout());
  ASSERT_TRUE(std::any_of(left.begin(), left.end(), [](const model::LayerHeads& layer) { return layer.heads.empty(); }));
  expect_pruned_is_masked(plan);
}

TEST_P(PrunedLogits, PrunedIsMaskedWithHeadsLeftInEveryLayer) {
  expect_pruned_is_masked(plan_for(*golden.checkpoint, [&](std::size_t layer, std::size_t position) {
    const std::size_t heads = layout()[layer].heads.size();
    return heads > 1 && position == layer % heads;
  }));
}

TEST_P(PrunedLogits, PrunedIsMaskedWithoutAnyHead) {
  expect_pruned_is_masked(plan_for(*golden.checkpoint, [](auto, auto) { return true; }));
}

TEST_P(PrunedLogits, PrunedTwiceIsMaskedOnce) {
  const auto first = [](std::size_t, std::size_t position) { return position == 0; };
  const auto once = pruned(*golden.checkpoint, plan_for(*golden.checkpoint, first), "once");
  // What is now the second head of a layer, which was the third.
  const prune::Plan second = plan_for(*once, [](std::size_t, std::size_t position) { return position == 1; });
  const auto twice = pruned(*once, second, "twice");
  const model::HeadGates gates = prune::gates(
      plan_for(*golden.checkpoint, [](std::size_t, std::size_t position) { return position == 0 || position == 2; }), layout());
  for (const auto& [type, tolerance] : kTypes)
    expect_match(answers(twice, type), answers(golden.checkpoint, type, &gates), tolerance);
}

TEST_P(PrunedLogits, KeptShapesAreMasked) { expect_pruned_is_masked(golden_plan(), true); }

TEST_P(PrunedLogits, KeptShapesAreHuggingFaces) {
  const auto same_shapes = pruned(*golden.checkpoint, golden_plan(), "kept", true);
  for (const auto& [type, tolerance] : kTypes) expect_match(answers(same_shapes, type), wanted("keep_shapes_logits"), tolerance);
}

TEST_P(PrunedLogits, BatchesDoNotMatter) {
  for (const auto& [type, tolerance] : kTypes) {
    const model::Model model = golden.load(type);
    const auto together = eval::predict(model, golden.dataset, nullptr, nullptr, 1 << 20);
    expect_match(eval::predict(model, golden.dataset, nullptr, nullptr, 1), together, tolerance);
    expect_match(together, wanted("logits"), tolerance);
  }
}

INSTANTIATE_TEST_SUITE_P(All, PrunedLogits, testing::ValuesIn(score::golden_names()), [](const auto& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

}  // namespace
}  // namespace hies::pipeline
