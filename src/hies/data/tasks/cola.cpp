#include "hies/data/task.h"

namespace hies::data {

// Is a sentence acceptable English? (Corpus of Linguistic Acceptability.) The official files have no header.
Task cola_task() {
  return {
      .name = "cola",
      .description = "Is a sentence acceptable English?",
      .text_count = TextCount::one,
      .texts = {{"sentence", ""}, {"text", ""}},
      .label_columns = {"label"},
      .headerless_columns = {"source", "label", "star", "sentence"},
      .labels = {"unacceptable", "acceptable"},
      .metrics = {"matthews", "matthews-scaled", "accuracy"},
      .loss = "ce",
  };
}

}  // namespace hies::data
