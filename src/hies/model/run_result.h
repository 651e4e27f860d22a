#pragma once

#include <cstdint>
#include <vector>

namespace hies::model {

// What a model gives for a batch.
struct RunResult {
  std::vector<double> logits;  // [B, V]; empty for a language model
  std::vector<double> losses;  // [B], empty without objective; of a sequence without targets: 0
  std::int64_t classes = 0;    // V
  // Language models: of each target row of the batch, ln p of its target token and the most likely token (the lowest id of equals).
  std::vector<double> log_probabilities;  // [R]
  std::vector<std::int32_t> top_tokens;   // [R]
};

}  // namespace hies::model
