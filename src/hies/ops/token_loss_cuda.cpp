#include <vector>

#include "hies/kernels/cuda/plugin.h"
#include "hies/ops/cuda.h"
#include "hies/ops/tensors.h"
#include "hies/ops/token_loss.h"

namespace hies::ops {
namespace {

using model::TokenLoss;

using kernels::cuda::check_call;
using kernels::cuda::plugin;

std::int32_t gpu_loss(TokenLoss loss) {
  switch (loss) {
    case TokenLoss::cross_entropy: return HIES_CUDA_CROSS_ENTROPY;
    case TokenLoss::pseudo_label: return HIES_CUDA_PSEUDO_LABEL;
    case TokenLoss::logit_norm: break;
  }
  return HIES_CUDA_LOGIT_NORM;
}

// Sums of `count` rows of logits, on the GPU.
struct Summaries {
  at::Tensor numbers;     // [4, r] float32: largest logit, ln of the sum beside it, ln p of the target, half the sum of squares
  at::Tensor top_tokens;  // [r]
  std::int64_t count;

  // Appends them to the result; waits for the GPU. Losses are not weighted yet.
  void append_to(model::RunResult& result, std::vector<double>& losses, std::optional<TokenLoss> loss) const {
    const at::Tensor values = numbers.cpu(), tokens = top_tokens.cpu();
    const auto row = [&](std::int64_t i) { return values.const_data_ptr<float>() + i * values.size(1); };
    const float *log_sums = row(1), *log_probabilities = row(2), *half_squares = row(3);
    result.log_probabilities.insert(result.log_probabilities.end(), log_probabilities, log_probabilities + count);
    const auto* token = tokens.const_data_ptr<std::int32_t>();
    result.top_tokens.insert(result.top_tokens.end(), token, token + count);
    for (std::int64_t i = 0; loss && i < count; ++i)
      losses.push_back(*loss == TokenLoss::cross_entropy  ? -log_probabilities[i]
                       : *loss == TokenLoss::pseudo_label ? log_sums[i]
                                                          : half_squares[i]);
  }
};

// Some rows of logits [r, V] on a GPU.
class GpuLogits {
 public:
  GpuLogits(const at::Tensor& logits, const at::Tensor& targets) : logits_(logits.contiguous()) {
    const auto options = logits_.options();
    numbers_ = at::empty({4, logits_.size(0)}, options.dtype(at::kFloat));
    top_tokens_ = at::empty({logits_.size(0)}, options.dtype(at::kInt));
    const auto row = [this](std::int64_t i) { return numbers_.data_ptr<float>() + i * numbers_.size(1); };
    call_ = {cuda_dtype(logits_.scalar_type()),
             logits_.size(0),
             static_cast<std::int32_t>(logits_.size(1)),
             logits_.data_ptr(),
             targets.const_data_ptr<std::int64_t>(),
             top_tokens_.data_ptr<std::int32_t>(),
             row(0),
             row(1),
             row(2),
             row(3)};
    check_call(plugin().summarise_logits(&call_, cuda_stream(logits_.device())), "summarising logits");
  }

  // The gradient of the losses, each times its share, in the logits' place.
  at::Tensor gradient(TokenLoss loss, const at::Tensor& shares) {
    check_call(plugin().logits_gradient(&call_, gpu_loss(loss), shares.const_data_ptr<float>(), cuda_stream(logits_.device())),
               "computing gradients of logits");
    return logits_;
  }

  // Returns the sums of the first `count` rows, still on the GPU.
  Summaries summaries(std::int64_t count) const { return {numbers_, top_tokens_, count}; }

 private:
  at::Tensor logits_, numbers_, top_tokens_;
  hies_cuda_logits call_{};
};

}  // namespace

model::RunResult token_results_cuda(const Linear& vocabulary, const at::Tensor& states, const model::Batch& batch,
                                    std::optional<TokenLoss> loss, std::int64_t rows_at_once, at::Tensor* gradient) {
  const auto count = static_cast<std::int64_t>(batch.target_rows.size());
  const TargetShares shares(batch);
  const auto to_gpu = [&](auto values, at::ScalarType type) {
    values.resize(static_cast<std::size_t>(states.size(0)));  // rows behind the last are padding and have no share
    return to_device(at::tensor(values).to(type), states.device());
  };
  const at::Tensor targets = to_gpu(batch.target_tokens, at::kLong), row_shares = to_gpu(shares.share, at::kFloat);

  std::vector<Summaries> parts;  // read when all is queued: nothing waits for the GPU in between
  for_logit_parts(
      vocabulary, states, count, rows_at_once, gradient, [&](const at::Tensor& made, std::int64_t first, std::int64_t real) {
        GpuLogits logits(made, targets.narrow(0, first, made.size(0)));
        parts.push_back(logits.summaries(real));
        return gradient != nullptr && loss ? logits.gradient(*loss, row_shares.narrow(0, first, made.size(0))) : at::Tensor();
      });
  model::RunResult result;
  std::vector<double> losses;
  for (const Summaries& part : parts) part.append_to(result, losses, loss);
  if (!loss) return result;
  result.losses.assign(static_cast<std::size_t>(batch.size()), 0);
  for (std::size_t i = 0; i < losses.size(); ++i) result.losses[shares.sequence[i]] += losses[i] * shares.share[i];
  return result;
}

}  // namespace hies::ops
