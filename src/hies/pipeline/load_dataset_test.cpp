#include "hies/data/load_dataset.h"

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <gtest/gtest.h>
#include <parquet/arrow/writer.h>

#include "hies/base/error.h"
#include "hies/base/test_files.h"
#include "hies/data/test_small_task.h"
#include "hies/pipeline/loaded_model.h"
#include "hies/pipeline/score_run.h"

namespace hies::pipeline {
namespace {

// Keeps the warnings that the user would see.
struct Lines : Progress {
  std::vector<std::string> lines;
  void warn(std::string_view message) override { lines.emplace_back(message); }
};

void write_parquet(const std::filesystem::path& path) {
  arrow::StringBuilder texts, labels;
  for (const data::SmallTask::Row& row : data::SmallTask::rows())
    ASSERT_TRUE(texts.Append(row.text).ok() && labels.Append(row.label).ok());
  const auto table =
      arrow::Table::Make(arrow::schema({arrow::field("text", arrow::utf8()), arrow::field("label", arrow::utf8())}),
                         {texts.Finish().ValueOrDie(), labels.Finish().ValueOrDie()});
  auto sink = arrow::io::FileOutputStream::Open(path.string()).ValueOrDie();
  ASSERT_TRUE(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), sink).ok());
  ASSERT_TRUE(sink->Close().ok());
}

class Encode : public testing::Test {
 protected:
  Encode() { load.order = "file"; }

  data::Dataset dataset(const std::filesystem::path& file, const char* task = "classification") {
    return data::load_dataset(file, data::task(task), load, *loaded.checkpoint, loaded.preprocessor, progress);
  }
  std::string refusal(const std::filesystem::path& file) {
    try {
      dataset(file);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::bad_input);
      return error.what();
    }
    return "nothing was thrown";
  }

  TestFolder folder;
  Lines progress;
  data::LoadOptions load;
  LoadedModel loaded = load_model(data::SmallTask::model(), engine::ExecutionOptions());
};

TEST_F(Encode, RowsBecomeExamples) {
  const data::Dataset data = dataset(folder.write("a.tsv", data::SmallTask::tsv()));
  ASSERT_EQ(data.size(), 8);
  EXPECT_EQ(data.examples[0].ids, (std::vector<std::int32_t>{2, 5, 19, 14, 35, 56, 3}));  // tests/golden: Hugging Face's
  EXPECT_EQ(data.examples[0].label, 2);
  EXPECT_EQ(data.examples[0].row, 2);
  EXPECT_EQ(data.label_range, (std::pair<double, double>{0, 2}));
  EXPECT_EQ(data.truncated, 0);
  EXPECT_EQ(data.max_length,
            std::min<std::int64_t>(loaded.checkpoint->spec().positions,
                                   std::get<text::Tokenizer>(loaded.preprocessor).model_max_length().value_or(1 << 20)));
  EXPECT_EQ(data.hash, data::content_hash(data.examples, true));
  EXPECT_TRUE(progress.lines.empty());
}

TEST_F(Encode, PairsKnowTheirSecondText) {
  const data::Dataset data =
      dataset(folder.write("a.tsv", "text\ttext_pair\tlabel\nA film\tThe movie!\tbad\n"), "pair-classification");
  EXPECT_EQ(data.examples[0].type_ids.front(), 0);
  EXPECT_EQ(data.examples[0].type_ids.back(), 1);
}

TEST_F(Encode, LongTextsAreCutAndItIsSaid) {
  load.max_length = 4;
  const data::Dataset data = dataset(folder.write("a.tsv", data::SmallTask::tsv()));
  EXPECT_EQ(data.max_length, 4);
  EXPECT_GT(data.truncated, 0);
  for (const data::Example& example : data.examples) EXPECT_LE(example.ids.size(), 4u);
  ASSERT_EQ(progress.lines.size(), 1u);
  EXPECT_NE(progress.lines[0].find("were cut to 4 tokens"), std::string::npos) << progress.lines[0];
}

TEST_F(Encode, MoreTokensThanPositionsAreRefused) {
  load.max_length = 33;
  EXPECT_NE(refusal(folder.write("a.tsv", data::SmallTask::tsv())).find("positions for 32 tokens"), std::string::npos);
  load.max_length = 0;
  EXPECT_NE(refusal(folder.write("a.tsv", data::SmallTask::tsv())).find("at least 1"), std::string::npos);
}

TEST_F(Encode, ATokenBeyondTheEmbeddingIsRefusedWhereATextHasIt) {
  const auto bigger = folder.folder("bigger");
  std::filesystem::copy(data::SmallTask::model(), bigger, std::filesystem::copy_options::recursive);
  std::ofstream(bigger / "vocab.txt", std::ios::app) << "onemore\n";
  loaded.preprocessor = text::Tokenizer::load(bigger, "bert");
  const std::string tsv = data::SmallTask::tsv();
  EXPECT_EQ(dataset(folder.write("a.tsv", tsv)).size(), 8);
  const std::string header = tsv.substr(0, tsv.find('\n') + 1);
  const std::string said = refusal(folder.write("b.tsv", header + "the film\tgood\nthe onemore film\tgood\n"));
  EXPECT_NE(said.find("line 3: the token 'onemore' has id 62, but the model's embedding holds 62"), std::string::npos) << said;
}

TEST_F(Encode, EveryFormatGivesTheSameScores) {
  write_parquet(folder / "a.parquet");
  folder.write("a.tsv", data::SmallTask::tsv());
  folder.write("a.csv", data::SmallTask::csv());
  folder.write("a.jsonl", data::SmallTask::jsonl());
  ScoreRequest request{.model = data::SmallTask::model(), .task = "classification", .calibration = {}};
  request.load.examples = 5;
  const auto scores_of = [&](const char* name) {
    request.calibration = folder / name;
    score::Scores scores = run_score(loaded, request).scores;
    scores.timings.clear();
    scores.calibration.file.clear();
    return pretty(score::to_json(scores));
  };
  const std::string tsv = scores_of("a.tsv");
  for (const char* name : {"a.csv", "a.jsonl", "a.parquet"}) EXPECT_EQ(scores_of(name), tsv) << name;
}

TEST_F(Encode, TheSameSeedGivesTheSameBytes) {
  ScoreRequest request{
      .model = data::SmallTask::model(), .task = "classification", .calibration = folder.write("a.tsv", data::SmallTask::tsv())};
  request.load.examples = 3;
  const auto scores_of = [&](std::uint64_t seed) {
    request.load.seed = seed;
    score::Scores scores = run_score(request).scores;
    scores.timings.clear();
    return scores;
  };
  EXPECT_EQ(pretty(score::to_json(scores_of(4))), pretty(score::to_json(scores_of(4))));
  EXPECT_NE(scores_of(4).calibration.hash, scores_of(5).calibration.hash);
}

TEST_F(Encode, LossesWithoutLabelsNeedNone) {
  ScoreRequest request{
      .model = data::SmallTask::model(), .task = "classification", .calibration = folder.write("a.txt", "A film\nThe movie!\n")};
  EXPECT_THROW(run_score(loaded, request), Error);
  request.score.loss = "pseudo-label";
  EXPECT_EQ(run_score(loaded, request).scores.calibration.examples, 2);
  request.score.loss.clear();
  request.score.tables = {"ae"};
  EXPECT_FALSE(run_score(loaded, request).scores.calibration.mean_loss);
}

}  // namespace
}  // namespace hies::pipeline
