#include "hies/ops/token_loss.h"

#include <algorithm>

namespace hies::ops {
namespace {

constexpr std::int64_t kLogitBytes = std::int64_t{32} << 20, kGpuLogitBytes = std::int64_t{256} << 20;

}  // namespace

TargetShares::TargetShares(const model::Batch& batch) {
  std::vector<double> counts(static_cast<std::size_t>(batch.size()));
  std::size_t b = 0;
  for (const std::int64_t row : batch.target_rows) {
    while (row >= batch.offsets[b + 1]) ++b;
    sequence.push_back(b);
    ++counts[b];
  }
  for (const std::size_t of : sequence) share.push_back(1 / counts[of]);
}

std::int64_t logit_rows(std::int64_t vocabulary, const at::TensorOptions& options) {
  const std::int64_t bytes = std::max<std::int64_t>(vocabulary, 1) * (options.dtype() == at::kDouble ? 8 : 4);
  return std::max<std::int64_t>((options.device().is_cuda() ? kGpuLogitBytes : kLogitBytes) / bytes / 16, 1) * 16;
}

void for_logit_parts(const Linear& vocabulary, const at::Tensor& states, std::int64_t count, std::int64_t rows_at_once,
                     at::Tensor* gradient, const VisitLogits& visit) {
  if (gradient != nullptr) *gradient = at::zeros_like(states);
  for (std::int64_t first = 0; first < count; first += rows_at_once) {
    const std::int64_t rows = std::min(rows_at_once, states.size(0) - first), real = std::min(rows, count - first);
    const at::Tensor of_logits = visit(vocabulary(states.narrow(0, first, rows)), first, real);
    if (of_logits.defined())
      gradient->narrow(0, first, real).copy_(vocabulary.gradient(of_logits.to(states.scalar_type())).narrow(0, 0, real));
  }
}

model::RunResult token_results(const Linear& vocabulary, const at::Tensor& states, const model::Batch& batch,
                               std::optional<model::TokenLoss> loss, std::int64_t rows_at_once, at::Tensor* gradient) {
  return (states.is_cuda() ? token_results_cuda : token_results_cpu)(vocabulary, states, batch, loss, rows_at_once, gradient);
}

}  // namespace hies::ops
