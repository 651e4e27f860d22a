#include "hies/data/task.h"

namespace hies::data {

// How alike are two sentences, from 0 to 5? (Semantic Textual Similarity Benchmark.)
Task stsb_task() {
  return {
      .name = "stsb",
      .description = "How alike are two sentences, from 0 to 5?",
      .problem = model::Problem::regression,
      .text_count = TextCount::two,
      .texts = {{"sentence1", "sentence2"}, {"text1", "text2"}},
      .label_columns = {"score", "label"},
      .label_range = std::pair(0.0, 5.0),
      .metrics = {"pearson", "pearson-scaled", "spearman"},
      .loss = "mse",
  };
}

}  // namespace hies::data
