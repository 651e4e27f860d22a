#include "hies/data/tasks/tasks.h"

namespace hies::data {

// Does a text entail a hypothesis? (Recognizing Textual Entailment.)
Task rte_task() {
  return {
      .name = "rte",
      .description = "Does a text entail a hypothesis?",
      .text_count = TextCount::two,
      .texts = {{"sentence1", "sentence2"}, {"premise", "hypothesis"}, {"text1", "text2"}},
      .label_columns = {"label"},
      .headerless_columns = {},
      .skip_short_rows = false,
      .labels = {"entailment", "not_entailment"},
      .label_range = std::nullopt,
      .metrics = {"accuracy"},
      .loss = "ce",
  };
}

}  // namespace hies::data
