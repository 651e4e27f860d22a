#include "hies/data/task.h"

namespace hies::data {

// Sentiment of film reviews (Stanford Sentiment Treebank): negative or positive.
Task sst2_task() {
  return {
      .name = "sst2",
      .description = "Sentiment of film reviews: negative or positive",
      .text_count = TextCount::one,
      .texts = {{"sentence", ""}, {"text", ""}},
      .label_columns = {"label"},
      .labels = {"negative", "positive"},
      .metrics = {"accuracy"},
      .loss = "ce",
  };
}

}  // namespace hies::data
