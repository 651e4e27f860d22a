#include <algorithm>
#include <vector>

#include "hies/model/network_torch.h"
#include "hies/model/token_loss_torch.h"

namespace hies::model {
namespace {

// Some rows of float32 logits [r, V] on a card, and what they say.
class CardLogits {
 public:
  // targets, shares [r]
  CardLogits(at::Tensor logits, const at::Tensor& targets, const at::Tensor& shares)
      : logits_(std::move(logits)), targets_(targets.unsqueeze(1)), shares_(shares.unsqueeze(1)) {
    std::tie(top_, top_tokens_) = logits_.max(1, true);
    target_ = logits_.gather(1, targets_) - top_;
  }

  const at::Tensor& top_tokens() const { return top_tokens_; }
  const at::Tensor& log_probability() const { return log_probability_; }
  const at::Tensor& losses() const { return losses_; }

  // Fills the above. Where a gradient is wanted, the logits are then that of the losses, each times its share.
  void evaluate(std::optional<TokenLoss> loss, bool gradient) {
    const at::Tensor scaled = loss == TokenLoss::logit_norm && gradient ? logits_ * shares_ : at::Tensor();
    if (loss == TokenLoss::logit_norm) losses_ = at::sum(logits_ * logits_, 1, true) * 0.5;
    logits_.sub_(top_).exp_();
    const at::Tensor sum = logits_.sum(1, true);
    log_probability_ = target_ - sum.log();
    if (loss == TokenLoss::cross_entropy) losses_ = -log_probability_;
    if (loss == TokenLoss::pseudo_label) losses_ = sum.log();
    if (!loss || !gradient) return;
    if (loss == TokenLoss::logit_norm) {
      logits_ = scaled;
      return;
    }
    logits_.mul_(shares_ / sum);
    logits_.scatter_add_(1, loss == TokenLoss::cross_entropy ? targets_ : top_tokens_, -shares_);
  }
  const at::Tensor& gradient() const { return logits_; }

 private:
  at::Tensor logits_, targets_, shares_;
  at::Tensor top_, top_tokens_, target_;  // [r, 1]; target_: below the top
  at::Tensor log_probability_, losses_;   // [r, 1]
};

template <class T>
void append(std::vector<T>& to, const at::Tensor& values, at::ScalarType type, std::int64_t count) {
  const at::Tensor converted = values.to(at::kCPU, type).contiguous();
  to.insert(to.end(), converted.const_data_ptr<T>(), converted.const_data_ptr<T>() + count);
}

}  // namespace

RunResult card_token_results(const Linear& vocabulary, const at::Tensor& states, const Batch& batch,
                             std::optional<TokenLoss> loss, std::int64_t rows_at_once, at::Tensor* gradient) {
  const auto count = static_cast<std::int64_t>(batch.target_rows.size());
  const TargetShares shares(batch);
  const auto on_card = [&](auto values, at::ScalarType type) {
    values.resize(static_cast<std::size_t>(states.size(0)));  // rows behind the last are padding and have no share
    return at::tensor(values).to(states.device(), type);
  };
  const at::Tensor targets = on_card(batch.target_tokens, at::kLong), row_shares = on_card(shares.share, at::kFloat);

  RunResult result;
  std::vector<double> losses;
  for_logit_parts(vocabulary, states, count, rows_at_once, gradient,
                  [&](const at::Tensor& made, std::int64_t first, std::int64_t real) {
                    const std::int64_t rows = made.size(0);
                    CardLogits logits(made.to(at::kFloat), targets.narrow(0, first, rows), row_shares.narrow(0, first, rows));
                    logits.evaluate(loss, gradient != nullptr);
                    append(result.log_probabilities, logits.log_probability(), at::kDouble, real);
                    append(result.top_tokens, logits.top_tokens(), at::kInt, real);
                    if (loss) append(losses, logits.losses(), at::kDouble, real);
                    return gradient != nullptr && loss ? logits.gradient() : at::Tensor();
                  });
  if (!loss) return result;
  result.losses.assign(static_cast<std::size_t>(batch.size()), 0);
  for (std::size_t i = 0; i < losses.size(); ++i) result.losses[shares.sequence[i]] += losses[i] * shares.share[i];
  return result;
}

}  // namespace hies::model
