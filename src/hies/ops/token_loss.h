#pragma once

#include <functional>
#include <optional>
#include <vector>

#include <ATen/ATen.h>

#include "hies/model/batch.h"
#include "hies/model/linear_torch.h"
#include "hies/model/model.h"

namespace hies::model {

// Rows of logits that are held at once, for a vocabulary of V: some tens of megabytes, on a GPU some hundreds.
std::int64_t logit_rows(std::int64_t vocabulary, const at::TensorOptions& options);

// What a language model's batch gives, from the final states [R padded, E] of its target rows: log-probabilities, top tokens, and with
// a loss each sequence's mean over its rows. Logits are made, looked at and dropped `rows_at_once` rows at a time.
// gradient: of all sequences' summed losses by the states, like them; null: not wanted.
RunResult token_results(const Linear& vocabulary, const at::Tensor& states, const Batch& batch, std::optional<TokenLoss> loss,
                        std::int64_t rows_at_once, at::Tensor* gradient);

// The same where states are on a GPU.
RunResult gpu_token_results(const Linear& vocabulary, const at::Tensor& states, const Batch& batch,
                             std::optional<TokenLoss> loss, std::int64_t rows_at_once, at::Tensor* gradient);

// Calls take(logits, first, real) for each part of the states' rows: logits [rows, V] of the rows from `first` on, of which `real` are no
// padding. It gives back the loss's gradient by them, whose way back to the states is then taken, or nothing.
using TakeLogits = std::function<at::Tensor(const at::Tensor& logits, std::int64_t first, std::int64_t real)>;
void for_logit_parts(const Linear& vocabulary, const at::Tensor& states, std::int64_t count, std::int64_t rows_at_once,
                     at::Tensor* gradient, const TakeLogits& take);

// Of each target row: its sequence, and its share of that sequence's mean.
struct TargetShares {
  explicit TargetShares(const Batch& batch);
  std::vector<std::size_t> sequence;
  std::vector<double> share;
};

}  // namespace hies::model
