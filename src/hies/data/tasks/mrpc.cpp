#include "hies/data/task.h"

namespace hies::data {

// Do two sentences of the news mean the same? (Microsoft Research Paraphrase Corpus.)
Task mrpc_task() {
  return {
      .name = "mrpc",
      .description = "Do two sentences from the news mean the same?",
      .text_count = TextCount::two,
      .texts = {{"#1 String", "#2 String"}, {"sentence1", "sentence2"}, {"text1", "text2"}},
      .label_columns = {"Quality", "label"},
      .labels = {"not_equivalent", "equivalent"},
      .metrics = {"f1", "accuracy"},
      .loss = "ce",
  };
}

}  // namespace hies::data
