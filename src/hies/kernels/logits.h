#pragma once

#include <cstdint>

namespace hies::kernels {

// R contiguous rows of logits over V tokens, float32 or float64.
struct LogitRows {
  void* data = nullptr;
  bool float64 = false;
  std::int64_t rows = 0;        // R
  std::int64_t vocabulary = 0;  // V ≥ 1
};

// The statistics of a row that its softmax needs: the probability of token v is e^(logit[v] − maximum)/sum.
struct LogitSummary {
  double maximum = 0;          // the largest logit
  std::int32_t top_token = 0;  // the first token that has it
  double sum = 0;              // Σ e^(logit − maximum), 1 … V; NaN if a logit is not finite
};

// Writes the statistics of each row to summaries, [R]. Reads each row once.
void summarise_logits(const LogitRows& logits, LogitSummary* summaries);

// Replaces each logit of row r by weights[r] times its probability. `summaries` [R] are those of the rows; `weights` is [R].
void softmax_logits(const LogitRows& logits, const LogitSummary* summaries, const double* weights);

}  // namespace hies::kernels
