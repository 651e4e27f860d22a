#include "hies/eval/layer_latency.h"

#include <gtest/gtest.h>

#include <memory>

#include "hies/base/error.h"
#include "hies/base/test_files.h"
#include "hies/engine/model.h"
#include "hies/eval/latency_check.h"
#include "hies/eval/layer_shapes.h"
#include "hies/eval/uniform_batch.h"

namespace hies::eval {
namespace {

using model::SiteKind;

arch::Checkpoint golden(const std::string& name) {
  return arch::Checkpoint::open(std::filesystem::path(HIES_SOURCE_DIR) / "tests/golden" / name / "model");
}

TEST(LayerShapes, TheLastLayerIsOneOfItsOwnWhereFewRowsAreRead) {
  const auto of = [](const std::string& name) {
    std::vector<std::vector<int>> layers;
    for (const LayerClass& own : layer_classes(golden(name).spec())) layers.push_back(own.layers);
    return layers;
  };
  EXPECT_EQ(of("vit-tiny"), (std::vector<std::vector<int>>{{0, 1}, {2}}));
  EXPECT_EQ(of("llama-gqa"), (std::vector<std::vector<int>>{{0, 1}}));
  EXPECT_EQ(of("bert-v4-pruned").back(), (std::vector<int>{2}));
}

TEST(LayerShapes, CountsAreKvGroupsAndMultiples) {
  const model::SiteLayout plain{{0, 1, 2, 3, 4}, {0, 1, 2, 3, 4}, 5, 5, 8};
  EXPECT_EQ(measured_counts(plain, SiteKind::attention, 8), (std::vector<std::int64_t>{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(measured_counts(plain, SiteKind::attention, 2), (std::vector<std::int64_t>{0, 2, 5}));
  const model::SiteLayout grouped{{0, 1, 2, 3, 4, 5}, {0, 1, 2}, 6, 3, 8};
  EXPECT_EQ(measured_counts(grouped, SiteKind::attention, 8), (std::vector<std::int64_t>{0, 2, 4, 6}));
  EXPECT_EQ(first_units(grouped, 4).kv_heads, (std::vector<int>{0, 1}));
  model::SiteLayout wide{{}, {}, 1100, 0, 1};
  for (int unit = 0; unit < 1100; ++unit) wide.units.push_back(unit);
  EXPECT_EQ(measured_counts(wide, SiteKind::ffn, 4), (std::vector<std::int64_t>{0, 256, 512, 768, 1100}));
}

TEST(UniformBatch, TextsImagesAndTargets) {
  const auto llama = golden("llama-gqa");
  const model::Batch text = uniform_batch(llama.spec(), 2, 5);
  EXPECT_EQ(text.size(), 2);
  EXPECT_EQ(text.token_count(), 10);
  EXPECT_EQ(text.target_rows, (std::vector<std::int64_t>{0, 1, 2, 3, 5, 6, 7, 8}));
  const auto vit = golden("vit-tiny");
  const model::Batch images = uniform_batch(vit.spec(), 3, 128);
  EXPECT_EQ(images.images.size(), 3U);
  EXPECT_EQ(images.token_count(), 3 * uniform_tokens(vit.spec(), 128));
  EXPECT_THROW(uniform_batch(llama.spec(), 0, 5), Error);
  EXPECT_THROW(uniform_batch(llama.spec(), 1, 0), Error);
  EXPECT_NE(error_of([&] { uniform_batch(llama.spec(), 1, 1 << 20); }).hint().find("at most"), std::string::npos);
}

// Models of random weights take the shapes that they are given, in every family, with both sites of a layer empty, too.
TEST(RandomWeights, RunInEveryFamily) {
  for (const std::string name :
       {"bert-tiny", "roberta-tiny", "xlm-roberta-tiny", "distilbert-tiny", "gpt2-tiny", "gpt2-cls", "llama-gqa", "llama-cls",
        "mistral-tiny", "qwen2-tiny", "qwen3-tiny", "vit-tiny", "deit-teacher", "dinov2-gated"}) {
    const auto checkpoint = golden(name);
    std::vector<model::ModelSpec> specs(3, checkpoint.spec());
    for (const auto& [site, present] : checkpoint.spec().layout) {
      specs[1].layout.at(site) = first_units(present, measured_counts(present, site.kind, 2).at(1));
      specs[2].layout.at(site) = first_units(present, 0);
    }
    const auto models = engine::Model::with_random_weights(specs, {.dtype = "float64"});
    ASSERT_EQ(models.size(), 3U);
    std::vector<double> sums;
    for (const engine::Model& model : models) {
      const model::RunResult result = model.run(uniform_batch(model.spec(), 2, 7));
      EXPECT_EQ(result.classes, checkpoint.spec().outputs()) << name;
      for (const double logit : result.logits) EXPECT_TRUE(std::isfinite(logit)) << name;
    }
  }
}

TEST(LatencyTable, HasEveryLayerAndIsMonotone) {
  for (const std::string name : {"bert-tiny", "bert-v4-pruned", "llama-gqa", "vit-tiny"}) {
    const auto checkpoint = golden(name);
    const prune::LatencyTable table = measure_latency_table(checkpoint, {.tokens = 8, .steps = 3, .seconds = 0}, {.threads = 1});
    EXPECT_GT(table.whole.least, 0) << name;
    EXPECT_EQ(table.whole.rounds, 3);
    prune::check_model(table, checkpoint.hashes(), checkpoint.spec().layout, name);
    prune::check_setting(table, latency_setting({.threads = 1}), name);
    // What is written is read again: times rise, counts reach the model's, each layer stands once.
    const Json json = prune::to_json(table);
    EXPECT_EQ(prune::latency_table_from_json(json, name).layers, table.layers);
    EXPECT_LE(table.predicted_ms(checkpoint.spec().layout, checkpoint.spec().layout), table.whole.least);
  }
}

TEST(LatencyTable, BadOptions) {
  const auto checkpoint = golden("bert-tiny");
  const auto says = [&](const LatencyTableOptions& options, const engine::ExecutionOptions& execution) {
    return std::string(error_of([&] { measure_latency_table(checkpoint, options, execution); }).what());
  };
  EXPECT_NE(says({.batch = 0}, {}).find("`batch` is 0"), std::string::npos);
  EXPECT_NE(says({.tokens = -1}, {}).find("`tokens` is -1"), std::string::npos);
  EXPECT_NE(says({.steps = 0}, {}).find("`steps` is 0"), std::string::npos);
  EXPECT_NE(says({.seconds = -1}, {}).find("`seconds` is -1"), std::string::npos);
}

TEST(LatencyCheck, ComparesPairs) {
  const auto checkpoint = std::make_shared<const arch::Checkpoint>(golden("bert-tiny"));
  const prune::LatencyTable table = measure_latency_table(*checkpoint, {.tokens = 8, .steps = 2, .seconds = 0}, {.threads = 1});
  const auto dense = engine::Model::load(checkpoint, {.threads = 1});
  const LatencyCheck check = check_prediction(table, dense, dense, {.latency_seconds = 0.01, .latency_rounds = 5});
  EXPECT_DOUBLE_EQ(check.predicted, 1);  // nothing is removed
  EXPECT_GT(check.measured.count, 2);
  EXPECT_DOUBLE_EQ(check.error(), check.measured.median - 1);
  EXPECT_EQ(to_json(check)["setting"]["tokens"], 8);
}

}  // namespace
}  // namespace hies::eval
