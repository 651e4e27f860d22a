#include "hies/data/task.h"

namespace hies::data {

// The user's own pairs of texts, with the labels of the model.
Task pair_classification_task() {
  return {
      .name = "pair-classification",
      .description = "your own pairs of texts, with the labels of the model",
      .text_count = TextCount::two,
      .texts = {{"text", "text_pair"},
                {"text1", "text2"},
                {"sentence1", "sentence2"},
                {"premise", "hypothesis"},
                {"question", "sentence"},
                {"question1", "question2"}},
      .label_columns = {"label", "labels", "class", "target"},
      .metrics = {"accuracy", "matthews"},
      .loss = "ce",
  };
}

}  // namespace hies::data
