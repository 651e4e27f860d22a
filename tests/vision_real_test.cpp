// The trained image classifier of ../shared against Hugging Face, from a tar file to numbers.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "hies/data/images/source.h"
#include "hies/data/load_dataset.h"
#include "hies/image/resize.h"
#include "hies/pipeline/eval_run.h"
#include "hies/score/golden_test.h"
#include "hies/score/methods/method.h"
#include "hies/score/scorer.h"

namespace hies::pipeline {
namespace {

class RealVision : public testing::Test {
 protected:
  void SetUp() override {
    for (const auto& needed : {folder, test_set, training_set})
      if (!std::filesystem::exists(needed)) GTEST_SKIP() << needed << " is not there";
  }
  static Json golden(const char* name) { return read_json(fmt::format("{}/tests/golden/real/{}.json", HIES_SOURCE_DIR, name)); }

  const std::filesystem::path shared = HIES_SHARED_DIR;
  const std::filesystem::path folder = shared / "models/vit-cifar10";
  const std::filesystem::path test_set = shared / "data/images/cifar10-test.tar.gz";
  const std::filesystem::path training_set = shared / "data/images/cifar10-train20k.tar.gz";
};

// CRC-32 of zlib and PNG (ISO 3309).
std::uint32_t crc32(const std::vector<std::uint8_t>& bytes) {
  std::uint32_t crc = ~0u;
  for (const std::uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
  }
  return ~crc;
}

TEST_F(RealVision, ImagesAreDecodedAndResizedAsPillowDoes) {
  const Json wanted = golden("cifar10-images");
  const auto source = data::open_images(test_set, data::task("image-classification"), {}, 10);
  std::vector<std::int64_t> chosen;
  for (std::int64_t i = 0; i < source->size(); i += wanted["step"].get<std::int64_t>()) chosen.push_back(i);
  source->keep(chosen);
  std::size_t row = 0;
  for (const std::int64_t index : chosen) {
    const image::Image image = source->decode(index, 3, 1 << 20);
    for (const Json& filter : wanted["filters"]) {
      for (std::size_t i = 0; i < wanted["sizes"].size(); ++i) {
        const Json& size = wanted["sizes"][i];
        const image::Image resized =
            image::resize(image, size[0].get<int>(), size[1].get<int>(), static_cast<image::Filter>(filter.get<int>()));
        EXPECT_EQ(crc32(resized.pixels), wanted["crc32"][row][i].get<std::uint32_t>()) << index << " to " << size.dump();
      }
      ++row;
    }
  }
  EXPECT_EQ(row, wanted["crc32"].size());
  EXPECT_EQ(chosen.size(), 50u);
}

TEST_F(RealVision, AllTestImages) {
  EvalRequest request{.model = folder, .task = "image-classification", .data = test_set};
  request.eval.latency.latency_seconds = 0;
  const eval::Result result = run_eval(request).evaluation.result;
  const Json wanted = golden("vit-cifar10")["test"];
  EXPECT_EQ(result.examples, 10000);
  ASSERT_EQ(result.model.metrics.size(), 2u);
  EXPECT_EQ(std::round(result.model.metrics[0].second * 1000), 833);  // as its README.md says
  for (const auto& [name, value] : result.model.metrics)
    EXPECT_NEAR(value * 10000, wanted[name].get<double>(), 1.01) << name;  // of 10,000: a tie may fall either way in float32
}

TEST_F(RealVision, ScoresAreHuggingFaces) {
  const Json wanted = golden("vit-cifar10");
  const auto checkpoint = std::make_shared<arch::Checkpoint>(arch::Checkpoint::open(folder));
  data::LoadOptions load;
  load.order = "file";
  const data::Dataset all = data::load_dataset(training_set, data::task("image-classification"), load, *checkpoint,
                                               data::load_preprocessor(*checkpoint), silent_progress());
  data::Dataset dataset = all;
  dataset.examples.clear();
  const auto step = wanted["step"].get<std::size_t>();
  for (std::size_t i = 0; i < all.examples.size(); i += step) dataset.examples.push_back(all.examples[i]);
  ASSERT_EQ(dataset.size(), 32);
  for (std::size_t i = 0; i < 32; ++i) EXPECT_EQ(dataset.examples[i].label, wanted["labels"][i].get<double>());

  for (const auto& [type, tolerance] : {std::pair{engine::ComputeType::float32, 1e-4}, {engine::ComputeType::float64, 1e-10}}) {
    const engine::Model model = engine::Model::load(checkpoint, engine::in_type(type));
    const auto error = [&](const model::UnitTable<double>& table, const Json& json) {
      return score::relative_error(table, json.get<data::HeadRows>());
    };
    std::string errors;
    for (const auto& [loss, table] : wanted["his"].items()) {
      score::ScoreOptions options;
      options.loss = loss;
      options.tables = {"his"};
      const double his = error(score::score_heads(model, dataset, options).table("his"), table);
      EXPECT_LE(his, tolerance) << loss;
      errors += fmt::format("his of {} {:.1e}, ", loss, his);
    }
    score::ScoreOptions options;
    const score::Scores scores = score::score_heads(model, dataset, options);
    options.tables = {"ae"};
    options.entropy_tokens = "cls";
    const score::Scores first = score::score_heads(model, dataset, options);
    const double ae = error(scores.table("ae"), wanted["ae"]), cls = error(first.table("ae"), wanted["ae_cls"]);
    const double hies = error(score::keep_scores(scores, {"hies", 0.7, "global", 0}), wanted["hies_0.7"]);
    EXPECT_LE(ae, tolerance);
    EXPECT_LE(cls, tolerance);
    EXPECT_LE(error(scores.table("l2-out"), wanted["l2_out"]), tolerance);
    EXPECT_LE(error(scores.table("l2"), wanted["l2"]), 1e-10);
    EXPECT_LE(hies, tolerance);
    EXPECT_NEAR(*scores.calibration.mean_loss, wanted["mean_loss"].get<double>(), tolerance);
    RecordProperty(type == engine::ComputeType::float32 ? "float32" : "float64",
                   fmt::format("{}ae {:.1e}, ae of cls {:.1e}, hies {:.1e}", errors, ae, cls, hies));
  }
}

}  // namespace
}  // namespace hies::pipeline
