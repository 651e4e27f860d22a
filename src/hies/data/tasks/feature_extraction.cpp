#include "hies/data/task.h"

namespace hies::data {

// Texts for an encoder without a task head: sentence-transformers, bare and pretrained models. Nothing is predicted or judged.
Task feature_extraction_task() {
  return {
      .name = "feature-extraction",
      .description = "your own texts, or pairs, for an encoder without a task head: to score and prune it",
      .problem = model::Problem::hidden_states,
      .text_count = TextCount::one_or_two,
      .texts = {{"text", "text_pair"},
                {"text1", "text2"},
                {"sentence1", "sentence2"},
                {"premise", "hypothesis"},
                {"question1", "question2"},
                {"text", ""},
                {"sentence", ""},
                {"content", ""},
                {"review", ""}},
  };
}

}  // namespace hies::data
