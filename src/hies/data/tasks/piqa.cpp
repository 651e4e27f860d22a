#include "hies/data/task.h"

namespace hies::data {

// Which of two ways reaches a goal in the physical world?
Task piqa_task() {
  return {
      .name = "piqa",
      .description = "Which of two ways reaches a goal in the physical world?",
      .problem = model::Problem::causal_lm,
      .reading = Reading::questions,
      .questions = {query_form(),
                    {.columns = {"goal", "sol1", "sol2"},
                     .gold_columns = {"label"},
                     .question =
                         [](const QuestionRow& row) {
                           return ask("Question: " + row.text("goal") + "\nAnswer:", {row.text("sol1"), row.text("sol2")});
                         },
                     .gold = gold_index}},
      .metrics = {"acc_norm", "acc", "acc_bytes"},
      .loss = "ce",
  };
}

}  // namespace hies::data
