// What must hold of logits under pruning, for every family: the physically smaller model answers as the masked one does.

#include <gtest/gtest.h>

#include "hies/base/test_files.h"
#include "hies/eval/predict.h"
#include "hies/pipeline/logit_match.h"
#include "hies/prune/surgery.h"
#include "hies/score/golden_test.h"

namespace hies::pipeline {
namespace {

using engine::ComputeType;
using score::Golden;

constexpr std::int64_t kBatchTokens = 64;

class PrunedLogits : public testing::TestWithParam<std::string> {
 protected:
  using Pair = std::pair<ComputeType, double>;  // computation type, tolerance as a share of the largest |logit|
  static constexpr Pair kTypes[] = {{ComputeType::float64, 1e-10}, {ComputeType::float32, 1e-5}};

  const model::Layout& layout() const { return golden.checkpoint->spec().layout; }

  // Removes every present head for which `removes(layer, position)`.
  template <class Removes>
  static prune::Plan plan_for(const arch::Checkpoint& checkpoint, const Removes& removes) {
    prune::Plan plan;
    plan.model = checkpoint.hashes();
    const model::Layout& layout = checkpoint.spec().layout;
    for (const model::Site site : layout.sites(model::SiteKind::attention))
      for (std::size_t position = 0; position < layout.at(site).units.size(); ++position)
        if (removes(static_cast<std::size_t>(site.layer), position)) plan.removed.insert(site, layout.at(site).units[position]);
    return plan;
  }
  // The golden's own mask, which empties a layer.
  prune::Plan golden_plan() const {
    const auto mask = golden.json["mask"].get<data::HeadRows>();
    return plan_for(*golden.checkpoint, [&](std::size_t layer, std::size_t position) { return mask[layer][position] == 0; });
  }

  std::shared_ptr<const arch::Checkpoint> pruned(const arch::Checkpoint& source, const prune::Plan& plan, std::string_view name,
                                                 bool keep_shapes = false) const {
    prune::SurgeryOptions options;
    options.keep_shapes = keep_shapes;
    prune::write_pruned(source, plan, options, "", folder.folder(name), silent_progress());
    return std::make_shared<arch::Checkpoint>(arch::Checkpoint::open(folder / name));
  }

  eval::Predictions answers(const std::shared_ptr<const arch::Checkpoint>& checkpoint, ComputeType type,
                            const model::Gates* gates = nullptr) const {
    return eval::predict(engine::Model::load(checkpoint, engine::in_type(type)), golden.dataset, gates, nullptr, kBatchTokens);
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
    const model::Gates gates = prune::gates(plan, layout());
    const auto smaller = pruned(*golden.checkpoint, plan, "pruned", keep_shapes);
    EXPECT_EQ(smaller->spec().layout, keep_shapes ? layout() : prune::pruned_layout(plan, layout()));
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
  EXPECT_EQ(same->spec().layout, layout());
  for (const auto& [type, tolerance] : kTypes)
    EXPECT_EQ(answers(same, type).logits, answers(golden.checkpoint, type).logits) << tolerance;
}

TEST_P(PrunedLogits, MaskedLogitsAreHuggingFaces) {
  const model::Gates gates = prune::gates(golden_plan(), layout());
  for (const auto& [type, tolerance] : kTypes)
    expect_match(answers(golden.checkpoint, type, &gates), wanted("masked_logits"), tolerance);
}

TEST_P(PrunedLogits, PrunedIsMaskedWithALayerEmptied) {
  const prune::Plan plan = golden_plan();
  const model::Layout left = prune::pruned_layout(plan, layout());
  const auto sites = left.sites(model::SiteKind::attention);
  ASSERT_TRUE(std::any_of(sites.begin(), sites.end(), [&](model::Site site) { return left.at(site).units.empty(); }));
  expect_pruned_is_masked(plan);
}

TEST_P(PrunedLogits, PrunedIsMaskedWithHeadsLeftInEveryLayer) {
  expect_pruned_is_masked(plan_for(*golden.checkpoint, [&](std::size_t layer, std::size_t position) {
    const std::size_t heads = layout().attention(static_cast<int>(layer)).units.size();
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
  const model::Gates gates = prune::gates(
      plan_for(*golden.checkpoint, [](std::size_t, std::size_t position) { return position == 0 || position == 2; }), layout());
  for (const auto& [type, tolerance] : kTypes)
    expect_match(answers(twice, type), answers(golden.checkpoint, type, &gates), tolerance);
}

// Plans may name neurons, alone and beside heads; widths then differ from layer to layer.
TEST_P(PrunedLogits, PrunedIsMaskedWithoutNeurons) {
  prune::Plan plan = plan_for(*golden.checkpoint, [](std::size_t, std::size_t position) { return position == 1; });
  for (const model::Site site : layout().sites(model::SiteKind::ffn))
    for (int neuron = 0; neuron < layout().at(site).original_units; ++neuron)
      if ((neuron + site.layer) % (3 + site.layer) == 0) plan.removed.insert(site, neuron);
  const auto smaller = pruned(*golden.checkpoint, plan, "neurons");
  EXPECT_NE(smaller->spec().layout.ffn(0).count(), smaller->spec().layout.ffn(1).count());
  const auto zeroed = pruned(*golden.checkpoint, plan, "zeroed", true);
  for (const auto& [type, tolerance] : kTypes) expect_match(answers(smaller, type), answers(zeroed, type), tolerance);
  expect_pruned_is_masked(plan);
}

TEST_P(PrunedLogits, PrunedIsMaskedWithoutAnyNeuronOfALayer) {
  prune::Plan plan = plan_for(*golden.checkpoint, [](std::size_t layer, std::size_t) { return layer == 1; });
  for (const model::Site site : layout().sites(model::SiteKind::ffn))
    for (const int neuron : layout().at(site).units)
      if (site.layer == 0 || neuron % 5 == 0) plan.removed.insert(site, neuron);
  expect_pruned_is_masked(plan);
}

TEST_P(PrunedLogits, NeuronsPrunedTwiceAreMaskedOnce) {
  const auto neurons = [](const arch::Checkpoint& checkpoint, auto removes) {
    prune::Plan plan;
    plan.model = checkpoint.hashes();
    for (const model::Site site : checkpoint.spec().layout.sites(model::SiteKind::ffn))
      for (const int neuron : checkpoint.spec().layout.at(site).units)
        if (removes(neuron)) plan.removed.insert(site, neuron);
    return plan;
  };
  const auto once = pruned(*golden.checkpoint, neurons(*golden.checkpoint, [](int i) { return i % 4 == 1; }), "once");
  const auto twice = pruned(*once, neurons(*once, [](int i) { return i % 4 == 2; }), "twice");
  const model::Gates gates = prune::gates(neurons(*golden.checkpoint, [](int i) { return i % 4 == 1 || i % 4 == 2; }), layout());
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
    const engine::Model model = golden.load(type);
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
