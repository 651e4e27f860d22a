#include "hies/eval/predictions_file.h"

#include <gtest/gtest.h>

#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/data/table.h"

namespace hies::eval {
namespace {

class PredictionsFile : public testing::Test {
 protected:
  PredictionsFile() {
    dataset.has_labels = true;
    dataset.examples = {{{1}, {0}, 1, 3}, {{1}, {0}, 0, 2}};  // drawn in another order than the file's
    predictions.classes = 2;
    predictions.answers = {0, 1};
    predictions.logits = {0.1, -0.25, -1, 1e-9};
    std::filesystem::remove(path);
  }
  ~PredictionsFile() override { std::filesystem::remove(path); }

  std::string written(const std::vector<std::string>& labels, const Predictions* reference = nullptr) const {
    write_predictions(path, dataset, labels, predictions, reference, true);
    return read_file(path);
  }

  std::filesystem::path path = std::filesystem::path(testing::TempDir()) / "hies_predictions_test.tsv";
  data::Dataset dataset;
  Predictions predictions;
};

TEST_F(PredictionsFile, OneRowPerExampleInTheFilesOrder) {
  EXPECT_EQ(written({"bad", "good"}),
            "line\tlabel\tanswer\tlabel_name\tanswer_name\tlogit:bad\tlogit:good\n"
            "2\t0\t1\tbad\tgood\t-1\t1e-09\n"
            "3\t1\t0\tgood\tbad\t0.1\t-0.25\n");
}

TEST_F(PredictionsFile, WithAReference) {
  Predictions reference = predictions;
  reference.answers = {1, 1};
  EXPECT_EQ(written({"bad", "good"}, &reference),
            "line\tlabel\tanswer\treference_answer\tlabel_name\tanswer_name\tlogit:bad\tlogit:good\n"
            "2\t0\t1\t1\tbad\tgood\t-1\t1e-09\n"
            "3\t1\t0\t1\tgood\tbad\t0.1\t-0.25\n");
}

TEST_F(PredictionsFile, Numbers) {
  predictions.classes = 1;
  predictions.answers = predictions.logits = {1.5, 4.125};
  EXPECT_EQ(written({}), "line\tlabel\tanswer\tlogit\n2\t0\t4.125\t4.125\n3\t1\t1.5\t1.5\n");
}

TEST_F(PredictionsFile, WithoutLabelsTheirCellsAreEmpty) {
  dataset.has_labels = false;
  const std::string text = written({"with\ttab", "good"});
  EXPECT_NE(text.find("2\t\t1\t\tgood\t"), std::string::npos) << text;
  const data::Table table = data::read_table(path);  // as TSV it stays readable
  EXPECT_EQ(table.row_count(), 2);
  EXPECT_TRUE(table.find("logit:with tab"));
}

TEST_F(PredictionsFile, IsNotOverwrittenUnlessForced) {
  write_predictions(path, dataset, {"bad", "good"}, predictions, nullptr, false);
  EXPECT_THROW(write_predictions(path, dataset, {"bad", "good"}, predictions, nullptr, false), Error);
}

// The documentation's example is what is written.
TEST_F(PredictionsFile, DocumentedExample) {
  const std::string page = read_file(HIES_SOURCE_DIR "/docs/formats.md");
  const std::size_t section = page.find("\n## predictions.tsv");
  ASSERT_NE(section, std::string::npos);
  const std::size_t begin = page.find("```tsv\n", section) + 7;
  EXPECT_EQ(page.substr(begin, page.find("```", begin) - begin), written({"bad", "good"}));
}

}  // namespace
}  // namespace hies::eval
