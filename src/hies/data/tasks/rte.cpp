#include "hies/data/task.h"

namespace hies::data {

// Does a text entail a hypothesis? (Recognizing Textual Entailment.)
Task rte_task() {
  return {
      .name = "rte",
      .description = "Does a text entail a hypothesis?",
      .text_count = TextCount::two,
      .texts = {{"sentence1", "sentence2"}, {"premise", "hypothesis"}, {"text1", "text2"}},
      .label_columns = {"label"},
      .labels = {"entailment", "not_entailment"},
      .metrics = {"accuracy"},
      .loss = "ce",
  };
}

}  // namespace hies::data
