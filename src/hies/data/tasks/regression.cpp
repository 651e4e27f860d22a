#include "hies/data/task.h"

namespace hies::data {

// The user's own texts or pairs of texts, each with a number.
Task regression_task() {
  return {
      .name = "regression",
      .description = "your own texts or pairs of texts, each with a number",
      .problem = model::Problem::regression,
      .text_count = TextCount::one_or_two,
      .texts = {{"text", "text_pair"},
                {"text1", "text2"},
                {"sentence1", "sentence2"},
                {"premise", "hypothesis"},
                {"question", "sentence"},
                {"question1", "question2"},
                {"text", ""},
                {"sentence", ""}},
      .label_columns = {"label", "labels", "score", "target"},
      .metrics = {"pearson", "spearman", "mse"},
      .loss = "mse",
  };
}

}  // namespace hies::data
