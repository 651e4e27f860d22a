#include "hies/data/tasks/arc.h"

namespace hies::data {

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

}  // namespace hies::data
