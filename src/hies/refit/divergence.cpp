#include <algorithm>

#include "hies/refit/divergence_torch.h"

namespace hies::refit {
namespace {

constexpr std::int64_t kRows = 256;  // of logits over a vocabulary that are held at once

// Returns Σ over rows of KL(dense ‖ other).
double divergence_of_logits(const at::Tensor& dense, const at::Tensor& other) {
  const at::Tensor p = at::log_softmax(dense.to(at::kDouble), -1), q = at::log_softmax(other.to(at::kDouble), -1);
  return (p.exp() * (p - q)).sum().item<double>();
}

double divergence_of_tokens(const ops::Linear& vocabulary, const at::Tensor& dense, const at::Tensor& other) {
  double sum = 0;
  for (std::int64_t first = 0; first < dense.size(0); first += kRows) {
    const std::int64_t count = std::min(kRows, dense.size(0) - first);
    sum += divergence_of_logits(vocabulary(dense.narrow(0, first, count)), vocabulary(other.narrow(0, first, count)));
  }
  return sum;
}

}  // namespace

std::vector<double> divergences(const engine::Model& model, const std::vector<Streams::Answers>& answers) {
  const nn::Network& network = engine::network_of(model);
  std::vector<double> sums(answers.empty() ? 0 : answers.front().streams.size(), 0);
  std::int64_t rows = 0;
  for (const Streams::Answers& batch : answers) {
    rows += batch.dense.size(0);
    for (std::size_t i = 0; i < sums.size(); ++i) {
      const at::Tensor& other = batch.streams[i];
      switch (network.spec().problem) {
        case model::Problem::causal_lm: sums[i] += divergence_of_tokens(network.head().vocabulary(), batch.dense, other); break;
        case model::Problem::classification: sums[i] += divergence_of_logits(batch.dense, other); break;
        case model::Problem::hidden_states:
        case model::Problem::regression: sums[i] += (batch.dense - other).to(at::kDouble).square().sum().item<double>(); break;
      }
    }
  }
  for (double& sum : sums) sum = rows > 0 ? sum / static_cast<double>(rows) : 0;
  return sums;
}

}  // namespace hies::refit
