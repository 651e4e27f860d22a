#pragma once

#include <cstdint>

namespace hies::kernels {

// R rows of logits over V tokens, one behind the other: float32, or float64.
struct LogitRows {
  void* data = nullptr;
  bool float64 = false;
  std::int64_t rows = 0;        // R
  std::int64_t vocabulary = 0;  // V ≥ 1
};

// What a row's softmax needs: the probability of token v is e^(logit v − top)/sum.
struct LogitSummary {
  double top = 0;              // the largest logit
  std::int32_t top_token = 0;  // the first that has it
  double sum = 0;              // Σ e^(logit − top), 1 … V; NaN where a logit is not finite
};

// Of each row, in one walk over it. summaries: [R].
void summarise_logits(const LogitRows& logits, LogitSummary* summaries);

// Each logit of row r ← share[r] · its probability. summaries: of these rows, [R]; shares: [R].
void softmax_logits(const LogitRows& logits, const LogitSummary* summaries, const double* shares);

}  // namespace hies::kernels
