#include "hies/data/task.h"

namespace hies::data {

// Do two questions ask the same? (Quora Question Pairs.) The official training file has rows that break off.
Task qqp_task() {
  return {
      .name = "qqp",
      .description = "Do two questions ask the same?",
      .text_count = TextCount::two,
      .texts = {{"question1", "question2"}, {"text1", "text2"}},
      .label_columns = {"is_duplicate", "label"},
      .skip_short_rows = true,
      .labels = {"not_duplicate", "duplicate"},
      .metrics = {"f1", "accuracy"},
      .loss = "ce",
  };
}

}  // namespace hies::data
