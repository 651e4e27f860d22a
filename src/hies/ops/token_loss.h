#pragma once

#include <functional>
#include <optional>
#include <vector>

#include <ATen/ATen.h>

#include "hies/model/batch.h"
#include "hies/model/objective.h"
#include "hies/model/run_result.h"
#include "hies/ops/linear.h"

namespace hies::ops {

// Returns the rows of logits that are held at once, for a vocabulary of V: some tens of megabytes, on a GPU some hundreds.
std::int64_t logit_rows(std::int64_t vocabulary, const at::TensorOptions& options);

// Returns log-probabilities and top tokens of a language model's batch, from the final states [R padded, E] of its target rows, and with
// a loss each sequence's mean over its rows. Logits are computed, read and dropped `rows_at_once` rows at a time. `gradient`: set to
// that of all sequences' summed losses by the states, like them; null: not wanted.
model::RunResult token_results(const Linear& vocabulary, const at::Tensor& states, const model::Batch& batch,
                               std::optional<model::TokenLoss> loss, std::int64_t rows_at_once, at::Tensor* gradient);
// The two implementations (token_loss_cpu.cpp, token_loss_cuda.cpp).
model::RunResult token_results_cpu(const Linear& vocabulary, const at::Tensor& states, const model::Batch& batch,
                                   std::optional<model::TokenLoss> loss, std::int64_t rows_at_once, at::Tensor* gradient);
model::RunResult token_results_cuda(const Linear& vocabulary, const at::Tensor& states, const model::Batch& batch,
                                    std::optional<model::TokenLoss> loss, std::int64_t rows_at_once, at::Tensor* gradient);

// Calls visit(logits, first, real) for each part of the states' rows: logits [rows, V] of the rows from `first` on, of which `real` are
// no padding. `visit` returns the loss's gradient by them, from which that by the states is computed, or nothing.
using VisitLogits = std::function<at::Tensor(const at::Tensor& logits, std::int64_t first, std::int64_t real)>;
void for_logit_parts(const Linear& vocabulary, const at::Tensor& states, std::int64_t count, std::int64_t rows_at_once,
                     at::Tensor* gradient, const VisitLogits& visit);

// Of each target row: its sequence, and its share of that sequence's mean.
struct TargetShares {
  explicit TargetShares(const model::Batch& batch);
  std::vector<std::size_t> sequence;
  std::vector<double> share;
};

}  // namespace hies::ops
