#include <cctype>

#include "hies/base/error.h"
#include "hies/data/task.h"
#include "hies/data/white_space.h"

namespace hies::data {
namespace {

// lm-evaluation-harness puts a space before each choice, beside the one that it puts before every continuation.
std::string continued(std::string choice) {
  if (!choice.empty()) choice[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(choice[0])));
  return " " + choice;
}

Question copa_original(const QuestionRow& row) {
  const std::string kind = row.text("question"), premise = row.text("premise");
  if (kind != "cause" && kind != "effect")
    bad_input("{}: asks for '{}', which is neither cause nor effect", row.where(), printable(kind));
  std::string_view clause = trim(premise);
  clause.remove_suffix(clause.empty() ? 0 : 1);  // its full stop
  return ask(std::string(clause) + (kind == "cause" ? " because" : " therefore"),
             {continued(row.text("choice1")), continued(row.text("choice2"))});
}

}  // namespace

// Which of two is the cause, or the effect, of something? (Choice of Plausible Alternatives.)
Task copa_task() {
  return {
      .name = "copa",
      .description = "Which of two is the cause, or the effect, of something?",
      .problem = model::Problem::causal_lm,
      .reading = Reading::questions,
      .questions = {query_form(),
                    {.columns = {"premise", "choice1", "choice2", "question"},
                     .gold_columns = {"label"},
                     .question = copa_original,
                     .gold = gold_index}},
      .metrics = {"acc"},
      .loss = "ce",
  };
}

}  // namespace hies::data
