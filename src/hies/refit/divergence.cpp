#include "hies/ops/divergence.h"
#include "hies/refit/divergence_torch.h"

namespace hies::refit {

std::vector<double> divergences(const engine::Model& model, const std::vector<Streams::Answers>& answers) {
  const nn::Network& network = engine::network_of(model);
  std::vector<double> sums(answers.empty() ? 0 : answers.front().streams.size(), 0);
  std::int64_t rows = 0;
  for (const Streams::Answers& batch : answers) {
    rows += batch.dense.size(0);
    for (std::size_t i = 0; i < sums.size(); ++i) {
      const at::Tensor& other = batch.streams[i];
      switch (network.spec().problem) {
        case model::Problem::causal_lm:
          sums[i] += ops::token_kl_divergence(network.head().vocabulary(), batch.dense, other).sum().item<double>();
          break;
        case model::Problem::classification: sums[i] += ops::kl_divergence(batch.dense, other).sum().item<double>(); break;
        case model::Problem::hidden_states:
        case model::Problem::regression: sums[i] += ops::squared_difference(batch.dense, other).sum().item<double>(); break;
      }
    }
  }
  for (double& sum : sums) sum = rows > 0 ? sum / static_cast<double>(rows) : 0;
  return sums;
}

}  // namespace hies::refit
