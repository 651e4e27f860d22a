// Scores of trained checkpoints, from text to table, against Hugging Face in float64 (tests/golden/real).

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "hies/data/load_dataset.h"
#include "hies/score/golden_test.h"
#include "hies/score/methods/method.h"
#include "hies/score/scorer.h"

namespace hies::score {
namespace {

struct Trained {
  const char* model;
  const char* calibration;  // the task's training file in ../shared/data
};

class RealModel : public testing::TestWithParam<Trained> {};

TEST_P(RealModel, ScoresAreHuggingFaces) {
  const std::filesystem::path shared = HIES_SHARED_DIR;
  const auto folder = shared / "models" / GetParam().model;
  const auto file = shared / "data/glue" / GetParam().calibration;
  for (const auto& needed : {folder, file})
    if (!std::filesystem::exists(needed)) GTEST_SKIP() << needed << " is not there";

  const Json golden = read_json(HIES_SOURCE_DIR "/tests/golden/real/" + std::string(GetParam().model) + ".json");
  const auto checkpoint = std::make_shared<arch::Checkpoint>(arch::Checkpoint::open(folder));
  data::LoadOptions load;
  load.examples = golden["examples"].get<std::int64_t>();
  load.order = "file";
  load.max_length = golden["max_length"].get<std::int64_t>();
  const data::Dataset dataset = data::load_dataset(file, data::task(golden["task"].get<std::string>()), load, *checkpoint,
                                                   data::load_preprocessor(*checkpoint), silent_progress());
  ASSERT_EQ(dataset.size(), 64);
  for (std::size_t x = 0; x < 64; ++x) {
    ASSERT_EQ(dataset.examples[x].ids.size(), golden["tokens"][x].get<std::size_t>()) << "row " << x;
    ASSERT_EQ(dataset.examples[x].label, golden["labels"][x].get<double>()) << "row " << x;
  }

  ScoreOptions options;
  options.loss = golden["task_loss"].get<std::string>();
  const Scores scores = score_heads(engine::Model::load(checkpoint), dataset, options);
  const auto error = [&](const model::UnitTable<double>& table, const char* key) {
    return relative_error(table, golden[key].get<Table>());
  };
  const double his = error(scores.table("his"), "his"), ae = error(scores.table("ae"), "ae");
  const double l2_out = error(scores.table("l2-out"), "l2_out"), l2 = error(scores.table("l2"), "l2");
  const double hies = error(keep_scores(scores, {"hies", 0.7, "global", 0}), "hies_0.7");
  EXPECT_LE(his, 1e-4);
  EXPECT_LE(ae, 1e-4);
  EXPECT_LE(l2_out, 1e-4);
  EXPECT_LE(l2, 1e-10);  // of weights alone, in float64
  EXPECT_LE(hies, 1e-4);
  EXPECT_NEAR(*scores.calibration.mean_loss, golden["mean_loss"].get<double>(), 1e-4 * golden["mean_loss"].get<double>());
  RecordProperty("largest_relative_errors",
                 fmt::format("his {:.1e}, ae {:.1e}, l2-out {:.1e}, l2 {:.1e}, hies {:.1e}", his, ae, l2_out, l2, hies));
}

INSTANTIATE_TEST_SUITE_P(All, RealModel,
                         testing::Values(Trained{"demo-sst2", "SST-2/train.tsv"}, Trained{"minilm-sst2", "SST-2/train.tsv"},
                                         Trained{"minilm-cola", "CoLA/train.tsv"}, Trained{"minilm-mrpc", "MRPC/train.tsv"},
                                         Trained{"minilm-stsb", "STS-B/train.tsv"}),
                         [](const auto& info) {
                           std::string name = info.param.model;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace hies::score
