#include "hies/data/task.h"

namespace hies::data {

// Yes or no, to a question about a passage.
Task boolq_task() {
  return {
      .name = "boolq",
      .description = "Yes or no? A question about a passage",
      .problem = model::Problem::causal_lm,
      .reading = Reading::questions,
      .questions = {query_form(),
                    {.columns = {"passage", "question"},
                     .gold_columns = {"label", "answer"},
                     .question =
                         [](const QuestionRow& row) {
                           return ask(row.text("passage") + "\nQuestion: " + row.text("question") + "?\nAnswer:", {"no", "yes"});
                         },
                     .gold = gold_flag}},
      .metrics = {"acc"},
      .loss = "ce",
  };
}

}  // namespace hies::data
