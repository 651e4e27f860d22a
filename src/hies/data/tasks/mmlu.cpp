#include "hies/data/task.h"
#include "hies/data/white_space.h"

namespace hies::data {
namespace {

Question mmlu_original(const QuestionRow& row) {
  std::string context(trim(row.text("question")));
  for (const char* letter : {"A", "B", "C", "D"}) context += std::string("\n") + letter + ". " + row.text(letter);
  return ask(context + "\nAnswer:", {"A", "B", "C", "D"});
}

}  // namespace

// Examinations in 57 subjects (Massive Multitask Language Understanding), in the authors' folders of CSV files.
Task mmlu_task() {
  return {
      .name = "mmlu",
      .description = "Examinations in 57 subjects: a folder with dev and test, or a file of test",
      .problem = model::Problem::causal_lm,
      .headerless_columns = {"question", "A", "B", "C", "D", "answer"},
      .reading = Reading::subjects,
      .questions = {{.columns = {"question", "A", "B", "C", "D"},
                     .gold_columns = {"answer"},
                     .question = mmlu_original,
                     .gold = gold_letter}},
      .shots = 5,
      .metrics = {"acc"},
      .loss = "ce",
  };
}

}  // namespace hies::data
