#include "hies/base/error.h"
#include "hies/data/task.h"
#include "hies/data/white_space.h"

namespace hies::data {
namespace {

Question winogrande_original(const QuestionRow& row) {
  const std::string sentence = row.text("sentence");
  const std::size_t gap = sentence.find('_');
  if (gap == std::string::npos) bad_input("{}: the sentence has no '_' to fill", row.where());
  const std::string before = sentence.substr(0, gap);
  return ask_partial({before + row.text("option1"), before + row.text("option2")},
                     std::string(trim(std::string_view(sentence).substr(gap + 1))));
}

}  // namespace

// Which of two names fits a gap? The rest of the sentence is judged after each (partial evaluation).
Task winogrande_task() {
  return {
      .name = "winogrande",
      .description = "Which of two names fits the gap in a sentence?",
      .problem = model::Problem::causal_lm,
      .reading = Reading::questions,
      .questions = {partial_form(),
                    {.columns = {"sentence", "option1", "option2"},
                     .gold_columns = {"answer"},
                     .question = winogrande_original,
                     .gold = gold_number}},
      .metrics = {"acc"},
      .loss = "ce",
  };
}

}  // namespace hies::data
