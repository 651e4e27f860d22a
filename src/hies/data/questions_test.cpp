#include "hies/data/questions.h"

#include "hies/data/packing.h"
#include "hies/data/question_rows.h"
#include "hies/data/test_files.h"
#include "hies/data/test_tokenizer.h"

namespace hies::data {
namespace {

struct QuestionsTest : testing::Test, LanguageData {
  QuestionsTest() : LanguageData(64) {}
  Dataset load(std::string_view task_name, std::string_view content, std::string_view name = "a.jsonl") {
    return load_questions(folder.write(name, content), task(task_name), options, spec, words.tokenizer, 1, silent_progress());
  }
  void expect_refused(std::string_view content, std::string_view wanted, std::string_view task_name = "multiple-choice") {
    expect_error(error_of([&] { load(task_name, content); }), ErrorKind::bad_input, wanted);
  }
};

TEST_F(QuestionsTest, WhatChoicesHaveInCommonIsThereOnce) {
  const Dataset dataset = load("multiple-choice", R"({"query":"a b c","choices":["d","c d"],"answer":1})");
  ASSERT_EQ(dataset.size(), 1);
  const Example& example = dataset.examples[0];
  EXPECT_EQ(example.ids, words.ids("<s> a b"));  // c predicts the first judged token
  ASSERT_EQ(example.choices.size(), 2u);
  EXPECT_EQ(example.choices[0].ids, words.ids("c d"));
  EXPECT_EQ(example.choices[0].targets, 1);
  EXPECT_EQ(example.choices[1].ids, words.ids("c c d"));
  EXPECT_EQ(example.choices[1].targets, 2);
  EXPECT_EQ(example.choices[1].characters, 3);
  EXPECT_EQ(example.label, 1);
  EXPECT_EQ(example.run_tokens(), 6);

  const std::vector<model::Batch> batches = pack(dataset, 100);
  ASSERT_EQ(batches.size(), 1u);
  EXPECT_EQ(batches[0].tokens, words.ids("<s> a b c c c"));
  EXPECT_EQ(batches[0].offsets, (std::vector<std::int64_t>{0, 3, 4, 6}));
  EXPECT_EQ(batches[0].continues, (std::vector<std::int64_t>{-1, 0, 0}));
  EXPECT_EQ(batches[0].target_rows, (std::vector<std::int64_t>{3, 4, 5}));
  EXPECT_EQ(batches[0].target_tokens, words.ids("d c d"));

  const Dataset right = right_answers_only(dataset);
  EXPECT_EQ(right.examples[0].ids, words.ids("<s> a b c c d"));
  EXPECT_EQ(right.examples[0].targets, 2);
  EXPECT_EQ(right.hash, dataset.hash);
}

TEST_F(QuestionsTest, ContextsMayDiffer) {
  const Dataset dataset = load("winogrande", R"({"context_options":["a b c","a d"],"continuation":"d .","gold":0})");
  const Example& example = dataset.examples[0];
  EXPECT_EQ(example.ids, words.ids("<s> a"));
  EXPECT_EQ(example.choices[0].ids, words.ids("b c d ."));
  EXPECT_EQ(example.choices[1].ids, words.ids("d d ."));
  EXPECT_EQ(example.choices[0].targets, 2);
  EXPECT_EQ(example.choices[1].targets, 2);
}

TEST_F(QuestionsTest, NoContextMeansThePrefix) {
  const Dataset dataset = load("multiple-choice", R"({"query":"","choices":["a","b"],"answer":"A"})");
  EXPECT_TRUE(dataset.examples[0].ids.empty());
  EXPECT_EQ(dataset.examples[0].choices[0].ids, words.ids("<s> a"));
  const std::vector<model::Batch> batches = pack(dataset, 100);
  EXPECT_EQ(batches[0].continues, (std::vector<std::int64_t>{-1, -1}));
}

TEST_F(QuestionsTest, LongQuestionsLoseTheirBeginning) {
  options.max_length = 4;
  const Dataset dataset = load("multiple-choice", R"({"query":"a b c d","choices":["a","b c"],"answer":0})");
  EXPECT_EQ(dataset.truncated, 1);
  EXPECT_TRUE(dataset.examples[0].ids.empty());  // cut at different places: nothing in common
  EXPECT_EQ(dataset.examples[0].choices[0].ids, words.ids("a b c d a"));
  EXPECT_EQ(dataset.examples[0].choices[1].ids, words.ids("b c d b c"));
  EXPECT_EQ(dataset.examples[0].choices[1].targets, 2);
}

TEST_F(QuestionsTest, RightChoicesInEveryWriting) {
  const auto label = [&](std::string_view answer) {
    return load("multiple-choice", fmt::format(R"({{"query":"a","choices":["b","c"],"answer":{}}})", answer)).examples[0].label;
  };
  EXPECT_EQ(label("1"), 1);
  EXPECT_EQ(label("\"1\""), 1);
  EXPECT_EQ(label("\"B\""), 1);
  EXPECT_EQ(label("\"c\""), 1);
}

TEST_F(QuestionsTest, RightChoicesMeanOneThingInAWholeColumn) {
  std::vector<std::string> said;
  struct Saying : Progress {
    std::vector<std::string>& said;
    explicit Saying(std::vector<std::string>& lines) : said(lines) {}
    void warn(std::string_view message) override { said.emplace_back(message); }
  } progress(said);
  const auto labels = [&](const std::vector<std::string>& answers) {
    std::string content;
    for (const std::string& answer : answers)
      content += fmt::format("{{\"query\":\"a\",\"choices\":[\"1\",\"2\",\"3\"],\"answer\":{}}}\n", answer);
    options.order = "file";
    said.clear();
    return read_questions(folder.write("q.jsonl", content), task("multiple-choice"), options, progress).labels;
  };
  using Ids = std::vector<double>;
  EXPECT_EQ(labels({"0", "2"}), (Ids{0, 2}));
  ASSERT_EQ(said.size(), 1u);  // "2" is a choice, too
  EXPECT_NE(said[0].find("the right choices of column 'answer' are read as indices of choices, not as choices"),
            std::string::npos)
      << said[0];
  EXPECT_EQ(labels({"1", "2"}), (Ids{1, 2}));          // numbers
  EXPECT_EQ(labels({"\"1\"", "\"2\""}), (Ids{0, 1}));  // texts
  EXPECT_EQ(said.size(), 1u);
  EXPECT_EQ(labels({"1", "3"}), (Ids{0, 2}));
  EXPECT_EQ(labels({"\"A\"", "\"C\""}), (Ids{0, 2}));
  EXPECT_EQ(labels({"0", "\"C\""}), (Ids{0, 2}));
  EXPECT_TRUE(said.empty());
  expect_error(error_of([&] {
                 labels({"0", "3"});
               }),
               ErrorKind::bad_input, "are of two kinds: '0' is none of its row's choices, but '3' is no index or letter");
  expect_error(error_of([&] {
                 labels({"\"A\"", "\"-\""});
               }),
               ErrorKind::bad_input, "line 2: label - says that the row has no label | 1 of 2 rows");
  options.examples = 1;  // indices from 1 show in a row that is not chosen
  const auto from_one = [&] {
    return load(
        "multiple-choice",
        "{\"query\":\"a\",\"choices\":[\"b\",\"c\"],\"answer\":1}\n{\"query\":\"a\",\"choices\":[\"b\",\"c\"],\"answer\":2}");
  };
  expect_error(error_of(from_one), ErrorKind::bad_input, "line 2: the right choice is 2, but the choices are 0 … 1");
  options.examples.reset();
  options.skip_unlabelled = true;
  EXPECT_EQ(labels({"\"A\"", "\"-\"", "null", "\"C\""}), (Ids{0, 2}));
  ASSERT_EQ(said.size(), 1u);
  EXPECT_NE(said[0].find("2 of 4 questions have no label: they are left out"), std::string::npos) << said[0];
}

TEST_F(QuestionsTest, BadInput) {
  expect_refused(R"({"query":"a","choices":[],"answer":0})", "line 1: a question with 0 choices");
  expect_refused(R"({"query":"a","choices":["b","c"],"answer":2})", "the right choice is 2, but the choices are 0 … 1");
  expect_refused(R"({"query":"a","choices":["b","c"],"answer":-1})", "label -1 says that the row has no label");
  expect_refused(R"({"query":"a","choices":["b","c"],"answer":-2})", "the right choice is -2");
  expect_refused(R"({"query":"a","choices":["b","c"],"answer":"x"})", "'x' does not name a right choice");
  expect_refused(R"({"query":"a","choices":["b",""],"answer":0})", "choice 1: the choice has no tokens of its own");
  expect_refused(R"({"query":"a","choices":"b","answer":0})", "not a list of texts");
  expect_refused(R"({"query":"a","choices":["b",3],"answer":0})", "which is not a text");
  expect_refused(R"({"query":"a","options":["b","c"],"answer":0})", "it looks for query + choices");
  expect_refused(R"({"query":"a","choices":["b","c"]})", "no column of right choices");
  options.labels = LabelNeed::if_present;
  EXPECT_FALSE(load("multiple-choice", R"({"query":"a","choices":["b","c"]})").has_labels);
  options.max_length = 65;
  expect_refused(R"({"query":"a","choices":["b","c"],"answer":0})", "`max_length` is 65");
  options.max_length.reset();
  options.context = 4;
  expect_refused(R"({"query":"a","choices":["b","c"],"answer":0})", "`context` and `stride`");
}

struct MmluTest : QuestionsTest {
  MmluTest() {
    std::filesystem::create_directories(folder.path() / "mmlu/dev");
    std::filesystem::create_directories(folder.path() / "mmlu/test");
    folder.write("mmlu/dev/anatomy_dev.csv", "a,b,c,d,a,B\nb,b,c,d,a,C\n");
    folder.write("mmlu/test/anatomy_test.csv", "\" c\",a,b,\"c, d\",d,D\n");
    folder.write("mmlu/dev/marketing_dev.csv", "a,b,c,d,a,B\n");
    folder.write("mmlu/test/marketing_test.csv", "d,a,b,c,d,A\n");
  }
  Dataset load_folder(std::string_view path) {
    return load_questions(folder.path() / path, task("mmlu"), options, spec, words.tokenizer, 1, silent_progress());
  }
};

TEST_F(MmluTest, ThePromptOfTheHarness) {
  spec.positions = 1000;
  options.shots = 1;
  const Dataset dataset = load_folder("mmlu");
  ASSERT_EQ(dataset.size(), 2);
  const auto text = [&](std::string_view subject, std::string_view question) {
    return fmt::format(
        "The following are multiple choice questions ( with answers ) about {} . a A . b B . c C . d D . a Answer : B {} Answer "
        ":",
        subject, question);
  };
  const Example& first = dataset.examples[0];
  std::vector<std::int32_t> ids = first.ids;
  ids.insert(ids.end(), first.choices[3].ids.begin(), first.choices[3].ids.end());
  EXPECT_EQ(ids, words.ids("<s> " + text("anatomy", "c A . a B . b C . c , d D . d") + " D"));
  EXPECT_EQ(first.choices.size(), 4u);
  EXPECT_EQ(first.choices[3].targets, 1);
  EXPECT_EQ(first.label, 3);
  ASSERT_EQ(dataset.groups.size(), 2u);
  EXPECT_EQ(dataset.groups[0].name, "anatomy");
  EXPECT_EQ(dataset.groups[0].category, "stem");
  EXPECT_EQ(dataset.groups[1].category, "other");
  EXPECT_EQ(dataset.examples[1].group, 1);
}

TEST_F(MmluTest, OneFileAndNoShots) {
  spec.positions = 1000;
  options.shots = 0;
  EXPECT_EQ(load_folder("mmlu/test/marketing_test.csv").size(), 1);
  options.shots = 2;
  expect_error(error_of([&] { load_folder("mmlu"); }), ErrorKind::bad_input, "holds 1 questions, but 2 are asked for");
  std::filesystem::remove(folder.path() / "mmlu/dev/anatomy_dev.csv");
  expect_error(error_of([&] { load_folder("mmlu/test"); }), ErrorKind::bad_input, "`shots` 0");
}

}  // namespace
}  // namespace hies::data
