#include "hies/data/tasks/tasks.h"

namespace hies::data {
namespace {

// Questions of school examinations in science (AI2 Reasoning Challenge), in two parts of one form.
Task arc(std::string name, std::string description) {
  return {
      .name = std::move(name),
      .description = std::move(description),
      .problem = model::Problem::causal_lm,
      .reading = Reading::questions,
      .questions = {query_form(),
                    {.columns = {"question", "choices"},
                     .gold_columns = {"answerKey"},
                     .question =
                         [](const QuestionRow& row) {
                           return ask("Question: " + row.text("question") + "\nAnswer:", row.texts("choices", "text"));
                         },
                     .gold = gold_of_labels}},
      .metrics = {"acc_norm", "acc", "acc_bytes"},
      .loss = "ce",
  };
}

}  // namespace

Task arc_easy_task() { return arc("arc-easy", "Questions of school examinations in science, the easy part"); }
Task arc_challenge_task() { return arc("arc-challenge", "Questions of school examinations in science, the hard part"); }

}  // namespace hies::data
