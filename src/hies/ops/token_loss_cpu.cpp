#include <cmath>
#include <span>
#include <vector>

#include "hies/kernels/logits.h"
#include "hies/ops/tensors.h"
#include "hies/ops/token_loss.h"

namespace hies::ops {
namespace {

using model::TokenLoss;

// Some rows of logits [r, V], float32 or float64, and their sums.
class LogitChunk {
 public:
  explicit LogitChunk(at::Tensor logits) : logits_(std::move(logits)), summaries_(static_cast<std::size_t>(logits_.size(0))) {
    kernels::summarise_logits(rows(), summaries_.data());
  }

  std::int32_t top_token(std::size_t row) const { return summaries_[row].top_token; }
  double log_probability(std::size_t row, std::int32_t token) const {
    return logit(row, token) - summaries_[row].maximum - std::log(summaries_[row].sum);
  }
  double loss(std::size_t row, std::int32_t target, TokenLoss loss) const {
    switch (loss) {
      case TokenLoss::cross_entropy: return -log_probability(row, target);
      case TokenLoss::pseudo_label: return std::log(summaries_[row].sum);
      case TokenLoss::logit_norm: break;
    }
    const at::Tensor values = logits_[static_cast<std::int64_t>(row)].to(at::kDouble);
    return 0.5 * at::dot(values, values).item<double>();
  }

  // Returns the gradient of the losses, each times its share [r], in the memory of the logits.
  at::Tensor gradient(std::span<const std::int32_t> targets, std::span<const double> shares, TokenLoss loss) {
    if (loss == TokenLoss::logit_norm) return logits_.mul_(column(shares));
    kernels::softmax_logits(rows(), summaries_.data(), shares.data());
    const at::Tensor tokens = loss == TokenLoss::cross_entropy ? index_tensor(targets).to(at::kLong) : top_tokens();
    return logits_.scatter_add_(1, tokens.unsqueeze(1), column(shares).neg());
  }

 private:
  at::Tensor column(std::span<const double> values) const {
    return at::tensor(at::ArrayRef<double>(values.data(), values.size()), logits_.options()).unsqueeze(1);
  }
  kernels::LogitRows rows() const {
    return {logits_.data_ptr(), logits_.scalar_type() == at::kDouble, logits_.size(0), logits_.size(1)};
  }
  at::Tensor top_tokens() const {
    std::vector<std::int64_t> tokens;
    for (const kernels::LogitSummary& summary : summaries_) tokens.push_back(summary.top_token);
    return at::tensor(tokens);
  }
  double logit(std::size_t row, std::int32_t token) const {
    const std::size_t at = row * static_cast<std::size_t>(logits_.size(1)) + static_cast<std::size_t>(token);
    return logits_.scalar_type() == at::kDouble ? logits_.const_data_ptr<double>()[at]
                                                : static_cast<double>(logits_.const_data_ptr<float>()[at]);
  }

  at::Tensor logits_;
  std::vector<kernels::LogitSummary> summaries_;
};

}  // namespace

model::RunResult token_results_cpu(const Linear& vocabulary, const at::Tensor& states, const model::Batch& batch,
                                   std::optional<TokenLoss> loss, std::int64_t rows_at_once, at::Tensor* gradient) {
  const auto count = static_cast<std::int64_t>(batch.target_rows.size());
  const TargetShares shares(batch);
  // Rows behind the last are padding and have no share.
  std::vector<std::int32_t> targets = batch.target_tokens;
  std::vector<double> row_shares = shares.share;
  targets.resize(static_cast<std::size_t>(states.size(0)));
  row_shares.resize(targets.size());
  const at::ScalarType type = states.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;

  model::RunResult result;
  if (loss) result.losses.assign(static_cast<std::size_t>(batch.size()), 0);
  for_logit_parts(
      vocabulary, states, count, rows_at_once, gradient, [&](const at::Tensor& logits, std::int64_t first, std::int64_t real) {
        LogitChunk chunk(logits.to(type).contiguous());
        for (std::int64_t row = 0; row < real; ++row) {
          const auto i = static_cast<std::size_t>(first + row), in_chunk = static_cast<std::size_t>(row);
          result.log_probabilities.push_back(chunk.log_probability(in_chunk, targets[i]));
          result.top_tokens.push_back(chunk.top_token(in_chunk));
          if (loss) result.losses[shares.sequence[i]] += chunk.loss(in_chunk, targets[i], *loss) * shares.share[i];
        }
        if (gradient == nullptr || !loss) return at::Tensor();
        const auto begin = static_cast<std::size_t>(first), size = static_cast<std::size_t>(logits.size(0));
        return chunk.gradient(std::span(targets).subspan(begin, size), std::span(row_shares).subspan(begin, size), *loss);
      });
  return result;
}

}  // namespace hies::ops
