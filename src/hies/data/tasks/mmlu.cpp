#include "hies/base/error.h"
#include "hies/data/task.h"
#include "hies/data/white_space.h"

namespace hies::data {
namespace {

// The letter of a choice, "A" of the first.
std::string letter_of(std::size_t choice) { return std::string(1, static_cast<char>('A' + choice)); }

Question ask_letters(const QuestionRow& row, const std::vector<std::string>& choices) {
  std::string context(trim(row.text("question")));
  std::vector<std::string> letters;
  for (const std::string& choice : choices) {
    letters.push_back(letter_of(letters.size()));
    context += "\n" + letters.back() + ". " + choice;
  }
  return ask(context + "\nAnswer:", letters);
}

Question mmlu_original(const QuestionRow& row) {
  std::vector<std::string> choices;
  for (const char* letter : {"A", "B", "C", "D"}) choices.push_back(row.text(letter));
  return ask_letters(row, choices);
}

Question mmlu_hub(const QuestionRow& row) {
  const std::vector<std::string> choices = row.texts("choices");
  if (choices.size() > 26) bad_input("{}: {} choices, but letters name 26", row.where(), choices.size());
  return ask_letters(row, choices);
}

// The hub's column is an index, whose names are letters.
std::int64_t gold_index_or_letter(const std::string& text, const QuestionRow& row) {
  return text.size() == 1 && text[0] >= 'A' ? gold_letter(text, row) : gold_index(text, row);
}

}  // namespace

// Examinations in 57 subjects (Massive Multitask Language Understanding), in the authors' folders of CSV files or the hub's tables.
Task mmlu_task() {
  return {
      .name = "mmlu",
      .description = "Examinations in 57 subjects: a folder with dev and test, or a file of test",
      .problem = model::Problem::causal_lm,
      .headerless_columns = {"question", "A", "B", "C", "D", "answer"},
      .input_kind = InputKind::subjects,
      .questions = {{.columns = {"question", "A", "B", "C", "D"},
                     .gold_columns = {"answer"},
                     .question = mmlu_original,
                     .gold = gold_letter},
                    {.columns = {"subject", "question", "choices"},
                     .gold_columns = {"answer"},
                     .question = mmlu_hub,
                     .gold = gold_index_or_letter}},
      .shots = 5,
      .metrics = {"acc"},
      .loss = "ce",
  };
}

}  // namespace hies::data
