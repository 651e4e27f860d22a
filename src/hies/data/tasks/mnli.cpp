#include "hies/data/task.h"

namespace hies::data {

// Does a premise entail a hypothesis, contradict it, or neither? (Multi-Genre Natural Language Inference.)
Task mnli_task() {
  return {
      .name = "mnli",
      .description = "Does a premise entail a hypothesis, contradict it, or neither?",
      .text_count = TextCount::two,
      .texts = {{"premise", "hypothesis"}, {"sentence1", "sentence2"}, {"text1", "text2"}},
      .label_columns = {"gold_label", "label"},
      .labels = {"entailment", "neutral", "contradiction"},
      .metrics = {"accuracy"},
      .loss = "ce",
  };
}

}  // namespace hies::data
