#include "hies/data/task.h"

namespace hies::data {

// Any texts, to calibrate a language model with: each row by itself.
Task causal_lm_task() {
  return {
      .name = "causal-lm",
      .description = "your own texts, one a row (or line of a .txt file), each judged by itself",
      .problem = model::Problem::causal_lm,
      .texts = {{"text", ""}, {"content", ""}, {"sentence", ""}, {"document", ""}, {"page", ""}, {"query", ""}, {"question", ""}},
      .reading = Reading::rows,
      .metrics = {"perplexity", "word_perplexity", "bits_per_byte"},
      .loss = "ce",
  };
}

}  // namespace hies::data
