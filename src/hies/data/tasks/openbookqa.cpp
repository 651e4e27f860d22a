#include "hies/data/task.h"

namespace hies::data {

// Elementary science that has to be combined with what everybody knows.
Task openbookqa_task() {
  return {
      .name = "openbookqa",
      .description = "Elementary science, combined with what everybody knows",
      .problem = model::Problem::causal_lm,
      .reading = Reading::questions,
      .questions = {query_form(),
                    {.columns = {"question_stem", "choices"},
                     .gold_columns = {"answerKey"},
                     .question =
                         [](const QuestionRow& row) { return ask(row.text("question_stem"), row.texts("choices", "text")); },
                     .gold = gold_of_labels}},
      .metrics = {"acc_norm", "acc", "acc_bytes"},
      .loss = "ce",
  };
}

}  // namespace hies::data
