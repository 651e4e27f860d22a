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

TEST_F(RowsTest, RowsWithoutLabelAreLeftOutWhenAsked) {
  const std::string snli = "sentence\tlabel\na\t-\nb\t1\nc\t-1\nd\t0\ne\t\n";
  expect_refused(
      "sst2", "a.tsv", snli,
      "line 2: label - says that the row has no label | 3 of 5 rows are like that: leave them out with `skip_unlabelled`");
  options.skip_unlabelled = true;
  const Rows rows = load("sst2", "a.tsv", snli);
  EXPECT_EQ(rows.texts, (Texts{"b", "d"}));
  EXPECT_EQ(rows.labels, (std::vector<double>{1, 0}));
  EXPECT_EQ(rows.lines, (std::vector<std::int64_t>{3, 5}));
  ASSERT_EQ(progress.lines.size(), 1u);
  EXPECT_NE(progress.lines[0].find("a.tsv: 3 of 5 rows have no label: they are left out"), std::string::npos)
      << progress.lines[0];
  options.examples = 2;
  options.order = "random";
  EXPECT_EQ(load("sst2", "a.tsv", snli).size(), 2);  // counted without those
  expect_refused("sst2", "a.tsv", "sentence\tlabel\na\t-1\n", "a.tsv: none of 1 rows has a label | test splits");
  progress.lines.clear();
  EXPECT_EQ(load("sst2", "a.tsv", "sentence\tlabel\na\t1\nb\t0\n").size(), 2);
  EXPECT_TRUE(progress.lines.empty());
  options.labels = LabelNeed::if_present;
  EXPECT_FALSE(load("sst2", "a.txt", "just a sentence\nanother\n").has_labels);
}

// SNLI as its authors distribute it.
TEST_F(RowsTest, SnliForAModelOfMnli) {
  spec.labels = {"CONTRADICTION", "NEUTRAL", "ENTAILMENT"};
  options.skip_unlabelled = true;
  const std::string row = R"({{"annotator_labels":["neutral"],"gold_label":"{}","sentence1":"A dog.","sentence2":"A cat."}})";
  std::string content;
  for (const char* label : {"neutral", "-", "entailment"}) content += fmt::format(fmt::runtime(row), label) + "\n";
  EXPECT_EQ(load("mnli", "snli.jsonl", content).labels, (std::vector<double>{1, 2}));
  ASSERT_EQ(progress.lines.size(), 1u);
  EXPECT_NE(progress.lines[0].find("1 of 3 rows have no label"), std::string::npos);
}

TEST_F(RowsTest, TheHintSaysWhetherOtherRowsHaveALabel) {
  expect_refused("sst2", "a.tsv", "sentence\tlabel\na\t-1\nb\t-1\n", "test splits are like that in every row");
  expect_refused("sst2", "a.jsonl", "{\"text\":\"x\",\"label\":1}\n{\"text\":\"y\",\"label\":null}",
                 "line 2 has no label in column 'label' | 1 of 2 rows");
  expect_refused("sst2", "a.jsonl", "{\"text\":\"x\",\"label\":1}\n{\"text\":\"y\"}",
                 "line 2 has no label in column 'label' | 1 of 2 rows");
}

// A JSON number is not the text of the same digits.
TEST_F(RowsTest, JsonTypesSayWhatDigitsMean) {
  spec.labels = {"1", "2", "3"};
  const auto labels = [&](std::string_view name, std::string_view first, std::string_view second) {
    progress.lines.clear();
    return load("classification", name,
                fmt::format("[{{\"text\":\"x\",\"label\":{}}},\n{{\"text\":\"y\",\"label\":{}}}]", first, second))
        .labels;
  };
  using Labels = std::vector<double>;
  EXPECT_EQ(labels("a.json", "1", "2"), (Labels{1, 2}));
  ASSERT_EQ(progress.lines.size(), 1u);
  EXPECT_NE(progress.lines[0].find("they are stored as numbers"), std::string::npos) << progress.lines[0];
  EXPECT_EQ(labels("a.json", "\"1\"", "\"2\""), (Labels{0, 1}));
  ASSERT_EQ(progress.lines.size(), 1u);
  EXPECT_NE(progress.lines[0].find("they are stored as texts"), std::string::npos) << progress.lines[0];
  EXPECT_EQ(labels("a.json", "1", "\"2\""), (Labels{0, 1}));  // both: as in CSV
  EXPECT_EQ(load("classification", "a.csv", "text,label\nx,1\ny,2\n").labels, (Labels{0, 1}));
}

// The values of all rows decide, not of those that are chosen.
TEST_F(RowsTest, LabelsMeanTheSameInEverySelection) {
  spec.labels = {"1", "2"};
  options.examples = 1;
  EXPECT_EQ(load("classification", "a.csv", "text,label\nx,1\ny,0\n").labels, (std::vector<double>{1}));
  EXPECT_EQ(load("classification", "a.csv", "text,label\nx,1\ny,2\n").labels, (std::vector<double>{0}));
  // Ids from 1.
  spec.labels = {"bad", "fair", "good"};
  expect_refused("classification", "a.csv", "text,label\nx,1\ny,3\n", "a.csv: line 3: label 3 is outside 0…2");
  EXPECT_EQ(load("classification", "a.csv", "text,label\nx,1\ny,-1\nz,unsure\n").labels, (std::vector<double>{1}));
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
