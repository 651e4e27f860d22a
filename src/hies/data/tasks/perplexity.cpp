#include "hies/data/task.h"

namespace hies::data {

// How well a language model foretells texts: lm-evaluation-harness's rolling log-likelihood.
Task perplexity_task() {
  return {
      .name = "perplexity",
      .description = "How likely is a text? (a .txt file is one text, a row of another file is one)",
      .problem = model::Problem::causal_lm,
      .texts = {{"text", ""}, {"page", ""}, {"content", ""}, {"document", ""}},
      .reading = Reading::documents,
      .metrics = {"perplexity", "word_perplexity", "bits_per_byte"},
      .loss = "ce",
  };
}

}  // namespace hies::data
