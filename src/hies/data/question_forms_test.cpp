// The wording of questions from the columns that the files on the Hugging Face hub have. Expected: lm-evaluation-harness 0.4.13.
#include <algorithm>

#include "hies/data/question_rows.h"
#include "hies/data/test_files.h"

namespace hies::data {
namespace {

struct FormsTest : testing::Test {
  TestFolder folder;
  LoadOptions options;
  FormsTest() { options.order = "file"; }

  QuestionRows read(std::string_view task_name, std::string_view content) {
    return read_questions(folder.write("a.jsonl", content), task(task_name), options, silent_progress());
  }
  // Context, continuations and the right one of a single row.
  void expect(std::string_view task_name, std::string_view row, std::string_view context,
              const std::vector<std::string>& continuations, double gold) {
    const QuestionRows rows = read(task_name, row);
    std::vector<std::string> found;
    for (const Question::AnswerChoice& choice : rows.questions.at(0).choices) {
      EXPECT_EQ(choice.context, context) << task_name;
      found.push_back(choice.continuation);
    }
    EXPECT_EQ(found, continuations) << task_name;
    EXPECT_EQ(rows.labels.at(0), gold) << task_name;
  }
};

TEST_F(FormsTest, AQueryIsTakenAsItStands) {
  for (const char* name : {"hellaswag", "arc-easy", "arc-challenge", "openbookqa", "piqa", "boolq", "copa", "multiple-choice"})
    expect(name, R"({"query":"Why? \n","choices":["x"," y"],"gold":1})", "Why? \n", {" x", "  y"}, 1);
}

TEST_F(FormsTest, HellaSwag) {
  expect(
      "hellaswag",
      R"({"activity_label":"Cleaning","ctx_a":"A [b] man [title] sits.","ctx_b":"the OTHER","endings":["x [c]  y","z"],"label":"1"})",
      "Cleaning: A man. sits. The other", {" x  y", " z"}, 1);
  expect("hellaswag", R"({"ctx":"A  man","endings":["x","z"],"label":0})", "A  man", {" x", " z"}, 0);
}

TEST_F(FormsTest, WinograndeIsJudgedAfterTheGap) {
  const QuestionRows rows = read("winogrande", R"({"sentence":"He told _ that.","option1":"Al","option2":"Bo","answer":"2"})");
  const auto& choices = rows.questions[0].choices;
  EXPECT_EQ(choices[0].context, "He told Al");
  EXPECT_EQ(choices[1].context, "He told Bo");
  EXPECT_EQ(choices[0].continuation, " that.");
  EXPECT_EQ(choices[1].continuation, " that.");
  EXPECT_EQ(rows.labels[0], 1);
}

TEST_F(FormsTest, TheOthers) {
  expect("arc-easy", R"({"question":"Why?","choices":{"text":["x","y"],"label":["1","2"]},"answerKey":"2"})",
         "Question: Why?\nAnswer:", {" x", " y"}, 1);
  expect("openbookqa", R"({"question_stem":"Why","choices":{"text":["x","y"],"label":["A","B"]},"answerKey":" B"})", "Why",
         {" x", " y"}, 1);
  expect("piqa", R"({"goal":"Go","sol1":"x","sol2":"y","label":1})", "Question: Go\nAnswer:", {" x", " y"}, 1);
  expect("boolq", R"({"passage":"P.","question":"is it","answer":true})", "P.\nQuestion: is it?\nAnswer:", {" no", " yes"}, 1);
  expect("boolq", R"({"passage":"P.","question":"is it","label":0})", "P.\nQuestion: is it?\nAnswer:", {" no", " yes"}, 0);
  expect("copa", R"({"premise":"It rained.","choice1":"It was wet.","choice2":"Sun.","question":"effect","label":0})",
         "It rained therefore", {"  it was wet.", "  sun."}, 0);
  expect("copa", R"({"premise":"It rained.","choice1":"X","choice2":"Y","question":"cause","label":1})", "It rained because",
         {"  x", "  y"}, 1);
}

TEST_F(FormsTest, DamagedRowsAreNamed) {
  const auto refused = [&](std::string_view task_name, std::string_view row, std::string_view wanted) {
    expect_error(error_of([&] { read(task_name, row); }), ErrorKind::bad_input, wanted);
  };
  refused("winogrande", R"({"sentence":"He.","option1":"a","option2":"b","answer":"2"})", "has no '_'");
  refused("winogrande", R"({"sentence":"_ .","option1":"a","option2":"b","answer":""})",
          "line 1 has no label in column 'answer'");
  refused("winogrande", R"({"sentence":"_ .","option1":"a","option2":"b","answer":"x"})", "a number from 1");
  refused("copa", R"({"premise":"a.","choice1":"a","choice2":"b","question":"why","label":0})", "neither cause nor effect");
  refused("arc-easy", R"({"question":"a","choices":{"text":["a","b"],"label":["A","B"]},"answerKey":"C"})", "one of the labels");
  refused("arc-easy", R"({"question":"a","choices":["a","b"],"answerKey":"A"})", "not a list of texts 'text'");
  refused("boolq", R"({"passage":"a","question":"b","label":-1})", "label -1 says that the row has no label");
  refused("boolq", R"({"passage":"a","question":"b","label":2})", "true or false");
}

}  // namespace
}  // namespace hies::data
