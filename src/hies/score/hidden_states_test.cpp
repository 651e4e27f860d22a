// Encoders whose task head is not read: the statistics that need no head are those of the same encoder with it.

#include <gtest/gtest.h>

#include "hies/base/test_files.h"
#include "hies/score/golden_test.h"
#include "hies/score/scorer.h"

namespace hies::score {
namespace {

// A copy of a golden model under another class of its family.
std::filesystem::path as_class(const TestFolder& folder, const std::string& name, const std::string& architecture) {
  const std::filesystem::path golden = std::filesystem::path(HIES_SOURCE_DIR) / "tests/golden" / name;
  std::filesystem::path copy = folder.folder(name);
  std::filesystem::copy(golden, copy, std::filesystem::copy_options::recursive);
  Json config = read_json(copy / "model/config.json");
  config["architectures"] = {architecture};
  write_file(copy / "model/config.json", config.dump(), true);
  return copy;
}

struct HiddenStates : testing::TestWithParam<std::pair<const char*, const char*>> {
  TestFolder folder;
  Golden whole{std::filesystem::path(HIES_SOURCE_DIR) / "tests/golden" / GetParam().first};
  Golden bare{as_class(folder, GetParam().first, GetParam().second)};
};

TEST_P(HiddenStates, StatisticsAreThoseOfTheEncoder) {
  ASSERT_EQ(bare.checkpoint->spec().problem, model::Problem::hidden_states);
  EXPECT_NE(bare.checkpoint->hashes().config, whole.checkpoint->hashes().config);
  ScoreOptions options;
  options.tables = {"ae", "l2", "l2-out"};
  const Scores scores = score_heads(bare.load(engine::ComputeType::float64, 1), bare.dataset, options);
  EXPECT_FALSE(scores.calibration.mean_loss);
  EXPECT_LT(relative_error(scores.tables.at("ae"), whole.table("ae_mean")), 1e-10);
  EXPECT_LT(relative_error(scores.tables.at("l2"), whole.table("l2")), 1e-10);
  EXPECT_LT(relative_error(scores.tables.at("l2-out"), whole.table("l2_out")), 1e-10);
  for (const char* table : {"his", "second-order"}) {
    options.tables = {table};
    const Error error = error_of([&] { score_heads(bare.load(engine::ComputeType::float64, 1), bare.dataset, options); });
    EXPECT_EQ(error.kind(), ErrorKind::bad_input);
    EXPECT_NE(std::string(error.what()).find(fmt::format("table '{}' needs", table)), std::string::npos) << error.what();
  }
}

INSTANTIATE_TEST_SUITE_P(Models, HiddenStates,
                         testing::Values(std::pair{"bert-tiny", "BertForTokenClassification"},
                                         std::pair{"roberta-tiny", "RobertaForMaskedLM"},
                                         std::pair{"camembert-tiny", "CamembertForMaskedLM"},
                                         std::pair{"distilbert-tiny", "DistilBertForMultipleChoice"},
                                         std::pair{"vit-tiny", "ViTForMaskedImageModeling"}));

}  // namespace
}  // namespace hies::score
