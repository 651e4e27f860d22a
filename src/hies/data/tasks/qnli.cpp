#include "hies/data/task.h"

namespace hies::data {

// Does a sentence answer a question? (Stanford Question Answering as inference.)
Task qnli_task() {
  return {
      .name = "qnli",
      .description = "Does a sentence answer a question?",
      .text_count = TextCount::two,
      .texts = {{"question", "sentence"}, {"text1", "text2"}},
      .label_columns = {"label"},
      .labels = {"entailment", "not_entailment"},
      .metrics = {"accuracy"},
      .loss = "ce",
  };
}

}  // namespace hies::data
