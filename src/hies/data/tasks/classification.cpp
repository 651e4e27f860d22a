#include "hies/data/task.h"

namespace hies::data {

// The user's own texts, with the labels of the model.
Task classification_task() {
  return {
      .name = "classification",
      .description = "your own texts, with the labels of the model",
      .text_count = TextCount::one,
      .texts = {{"text", ""}, {"sentence", ""}, {"content", ""}, {"review", ""}},
      .label_columns = {"label", "labels", "class", "target"},
      .metrics = {"accuracy", "matthews"},
      .loss = "ce",
  };
}

}  // namespace hies::data
