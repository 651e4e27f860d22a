#include "hies/data/task.h"

namespace hies::data {

// The user's own questions.
Task multiple_choice_task() {
  QuestionForm own = query_form();
  own.gold_columns = {"answer", "gold", "label"};
  own.gold = nullptr;  // of any kind
  return {
      .name = "multiple-choice",
      .description = "your own questions: query, choices, and answer (an index from 0, a letter, or the choice itself)",
      .problem = model::Problem::causal_lm,
      .input_kind = InputKind::questions,
      .questions = {own, partial_form()},
      .metrics = {"acc", "acc_norm", "acc_bytes"},
      .loss = "ce",
  };
}

}  // namespace hies::data
