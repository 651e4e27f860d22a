#include "hies/ops/divergence.h"

#include <algorithm>
#include <vector>

namespace hies::ops {
namespace {

constexpr std::int64_t kVocabularyRows = 256;  // of logits over a vocabulary that are held at once

}  // namespace

at::Tensor kl_divergence(const at::Tensor& reference, const at::Tensor& other) {
  const at::Tensor p = at::log_softmax(reference.to(at::kDouble), -1), q = at::log_softmax(other.to(at::kDouble), -1);
  return (p.exp() * (p - q)).sum(-1);
}

at::Tensor token_kl_divergence(const Linear& vocabulary, const at::Tensor& reference, const at::Tensor& other) {
  std::vector<at::Tensor> parts;
  for (std::int64_t first = 0; first < reference.size(0); first += kVocabularyRows) {
    const std::int64_t count = std::min(kVocabularyRows, reference.size(0) - first);
    parts.push_back(kl_divergence(vocabulary(reference.narrow(0, first, count)), vocabulary(other.narrow(0, first, count))));
  }
  return parts.empty() ? at::zeros({0}, reference.options().dtype(at::kDouble)) : at::cat(parts);
}

at::Tensor squared_difference(const at::Tensor& reference, const at::Tensor& other) {
  return (reference.to(at::kDouble) - other.to(at::kDouble)).square().sum(-1);
}

at::Tensor cosine_distance(const at::Tensor& reference, const at::Tensor& other) {
  const at::Tensor a = reference.to(at::kDouble), b = other.to(at::kDouble);
  const at::Tensor lengths = (a.square().sum(-1) * b.square().sum(-1)).sqrt();
  return 1 - at::where(lengths > 0, (a * b).sum(-1) / lengths.clamp_min(1e-300), at::zeros_like(lengths));
}

}  // namespace hies::ops
