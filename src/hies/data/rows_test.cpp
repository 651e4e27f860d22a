#include "hies/data/rows.h"

#include "hies/base/fields.h"
#include "hies/base/rng.h"
#include "hies/data/test_files.h"

namespace hies::data {
namespace {

using Texts = std::vector<std::string>;

struct Warnings : Progress {
  std::vector<std::string> lines;
  void warn(std::string_view message) override { lines.emplace_back(message); }
};

struct RowsTest : testing::Test {
  TestFolder folder;
  Warnings progress;
  model::ModelSpec spec;
  LoadOptions options;
  RowsTest() {
    spec.labels = {"negative", "positive"};
    options.order = "file";
  }
  Rows load(std::string_view task_name, std::string_view name, std::string_view content) {
    return load_rows(folder.write(name, content), task(task_name), options, spec, progress);
  }
  void expect_refused(std::string_view task_name, std::string_view name, std::string_view content, std::string_view wanted) {
    expect_error(error_of([&] { load(task_name, name, content); }), ErrorKind::bad_input, wanted);
  }
};

std::string numbered(int count) {
  std::string content = "sentence\tlabel\n";
  for (int i = 0; i < count; ++i) content += "row " + std::to_string(i) + "\t" + std::to_string(i % 2) + "\n";
  return content;
}

TEST_F(RowsTest, ColaHasNoHeaderUnlessItHasOne) {
  const Rows bare = load("cola", "a.tsv", "gj04\t1\t\tShe left.\ngj04\t0\t*\tLeft she.\n");
  EXPECT_EQ(bare.texts, (Texts{"She left.", "Left she."}));
  EXPECT_EQ(bare.labels, (std::vector<double>{1, 0}));
  EXPECT_EQ(bare.lines, (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(load("cola", "a.csv", "sentence,label,idx\nShe left.,1,0\n").texts, (Texts{"She left."}));
}

TEST_F(RowsTest, PairsUnderEveryKnownHeader) {
  spec.labels = {"LABEL_0", "LABEL_1"};
  const Rows official = load("mrpc", "a.tsv", "\xEF\xBB\xBFQuality\t#1 ID\t#2 ID\t#1 String\t#2 String\n1\t7\t8\tA \"b\tC\n");
  EXPECT_TRUE(official.pairs);
  EXPECT_EQ(official.texts, (Texts{"A \"b"}));
  EXPECT_EQ(official.pair_texts, (Texts{"C"}));
  EXPECT_EQ(official.labels, (std::vector<double>{1}));
  const Rows hub = load("mrpc", "a.jsonl", R"({"sentence1":"A \"b","sentence2":"C","label":1,"idx":0})");
  EXPECT_EQ(hub.texts, official.texts);
  EXPECT_EQ(hub.labels, official.labels);
  EXPECT_EQ(load("qqp", "a.tsv", "id\tquestion1\tquestion2\tis_duplicate\n0\tA?\tB?\t1\n1\tbroken\n").pair_texts, (Texts{"B?"}));
  ASSERT_EQ(progress.lines.size(), 1u);
  EXPECT_NE(progress.lines[0].find("1 rows with too few fields"), std::string::npos);
}

TEST_F(RowsTest, ColumnsByName) {
  options.text = "review";
  options.label = "mood";
  EXPECT_EQ(load("classification", "a.csv", "id,review,mood\n1,fine,Positive\n").labels, (std::vector<double>{1}));
  options.text_pair = "id";
  EXPECT_EQ(load("pair-classification", "a.csv", "id,review,mood\n1,fine,positive\n").pair_texts, (Texts{"1"}));
  expect_refused("classification", "a.csv", "id,review,mood\n1,fine,positive\n", "task 'classification' reads one text");
  options.text_pair = "";
  expect_refused("pair-classification", "a.csv", "id,review,mood\n1,fine,positive\n", "only `text` is given");
  options.text = "";
  options.text_pair = "id";
  expect_refused("pair-classification", "a.csv", "id,review,mood\n1,fine,positive\n", "only `text_pair` is given");
}

TEST_F(RowsTest, MissingColumnsListWhatThereIs) {
  options.text = "sentense";
  expect_refused("sst2", "a.tsv", "sentence\tlabel\nx\t1\n",
                 "has no column 'sentense' | did you mean 'sentence'? known: sentence, label");
  options.text = "";
  expect_refused("sst2", "a.tsv", "phrase\tlabel\nx\t1\n",
                 "(it looks for sentence, text) | columns: phrase, label; name yours with `text`");
  expect_refused("sst2", "a.tsv", "sentence\tmood\nx\t1\n",
                 "(it looks for label) | columns: sentence, mood; name yours with `label`");
  expect_refused("rte", "a.tsv", "sentence1\tlabel\nx\t1\n", "sentence1 + sentence2");
}

TEST_F(RowsTest, RandomOrderIsThePermutationOfTheSeed) {
  options.order = "random";
  options.seed = 5;
  options.examples = 4;
  const Rows rows = load("sst2", "a.tsv", numbered(10));
  Rng rng(5);
  const std::vector<std::int64_t> order = permutation(10, rng);
  ASSERT_EQ(rows.size(), 4);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(rows.texts[i], "row " + std::to_string(order[i]));
    EXPECT_EQ(rows.labels[i], static_cast<double>(order[i] % 2));
    EXPECT_EQ(rows.lines[i], order[i] + 2);
  }
  options.seed = 6;
  EXPECT_NE(load("sst2", "a.tsv", numbered(10)).lines, rows.lines);
  options.order = "file";
  EXPECT_EQ(load("sst2", "a.tsv", numbered(10)).lines, (std::vector<std::int64_t>{2, 3, 4, 5}));
}

TEST_F(RowsTest, MoreThanThereAreIsAllWithAWarning) {
  options.examples = 11;
  EXPECT_EQ(load("sst2", "a.tsv", numbered(10)).size(), 10);
  ASSERT_EQ(progress.lines.size(), 1u);
  EXPECT_NE(progress.lines[0].find("has 10 rows, fewer than the 11 asked for"), std::string::npos);
  options.examples = 0;
  expect_refused("sst2", "a.tsv", numbered(10), "`examples` is 0");
  options.examples = -3;
  expect_refused("sst2", "a.tsv", numbered(10), "`examples` is -3");
  options.examples.reset();
  options.order = "sorted";
  expect_refused("sst2", "a.tsv", numbered(10), "unknown order 'sorted' | known: file, random");
}

TEST_F(RowsTest, ABadLabelNamesFileAndLine) {
  expect_refused("sst2", "a.tsv", "sentence\tlabel\nx\t1\n\ny\tmeh\n", "a.tsv: line 4: unknown label 'meh'");
  expect_refused("sst2", "a.jsonl", "{\"text\":\"x\",\"label\":null}", "line 1 has no label in column 'label'");
  expect_refused("sst2", "a.jsonl", "{\"text\":null,\"label\":1}", "line 1 has no text in column 'text'");
}

TEST_F(RowsTest, OnlyTheChosenRowsAreRead) {
  options.examples = 1;
  EXPECT_EQ(load("sst2", "a.tsv", "sentence\tlabel\nx\t1\ny\tmeh\n").size(), 1);
}

TEST_F(RowsTest, LabelsMayBeDoneWithout) {
  options.labels = LabelNeed::if_readable;
  EXPECT_TRUE(load("sst2", "a.tsv", "sentence\tlabel\nx\t1\n").has_labels);
  EXPECT_TRUE(progress.lines.empty());
  EXPECT_FALSE(load("sst2", "a.txt", "just a sentence\n").has_labels);
  EXPECT_TRUE(progress.lines.empty());
  const Rows hidden = load("sst2", "a.tsv", "sentence\tlabel\nx\t1\ny\t-1\n");
  EXPECT_FALSE(hidden.has_labels);
  EXPECT_TRUE(hidden.labels.empty());
  ASSERT_EQ(progress.lines.size(), 1u);
  EXPECT_NE(progress.lines[0].find("done without labels"), std::string::npos);
}

TEST_F(RowsTest, LabelsThatAreThereMustBeReadable) {
  options.labels = LabelNeed::if_present;
  EXPECT_FALSE(load("sst2", "a.txt", "just a sentence\n").has_labels);
  EXPECT_TRUE(load("sst2", "a.tsv", "sentence\tlabel\nx\t1\n").has_labels);
  expect_refused("sst2", "a.tsv", "sentence\tlabel\nx\t1\ny\tmeh\n", "line 3: unknown label 'meh'");
}

TEST_F(RowsTest, AnotherKindOfModelIsRefused) {
  spec.problem = model::Problem::regression;
  spec.labels = {"LABEL_0"};
  expect_refused("sst2", "a.tsv", numbered(2), "is a classification task, but the model is a regression model");
  EXPECT_EQ(load("regression", "a.tsv", "text\tscore\nx\t-7.5\n").labels, (std::vector<double>{-7.5}));
  EXPECT_TRUE(load("regression", "a.tsv", "text1\ttext2\tscore\nx\ty\t1\n").pairs);
}

TEST_F(RowsTest, OptionsAreStoredAsJson) {
  options.examples = 32;
  const Json json = options_json(options);
  EXPECT_EQ(json["examples"], 32);
  EXPECT_EQ(json["order"], "file");
  EXPECT_TRUE(json["max_length"].is_null());
  EXPECT_FALSE(json.contains("labels"));
}

}  // namespace
}  // namespace hies::data
