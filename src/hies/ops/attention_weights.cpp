#include "hies/ops/attention_weights.h"

#include <algorithm>
#include <limits>

namespace hies::ops {
namespace {

// [T,S] 1 where query t sees key s, of one sequence.
at::Tensor seen(const kernels::AttentionShape& shape, std::int64_t tokens) {
  at::Tensor mask = at::ones({tokens, tokens}, at::TensorOptions().dtype(at::kBool));
  if (shape.causal) mask = mask.tril();
  if (shape.window > 0) mask = mask.triu(1 - shape.window);
  return mask;
}

void put(const at::Tensor& weights, std::int64_t first, std::vector<double>& into) {
  const at::Tensor rows = weights.contiguous();  // [S,H]
  const double* values = rows.const_data_ptr<double>();
  std::copy(values, values + rows.numel(), into.begin() + first * rows.size(1));
}

}  // namespace

void attention_weights(const kernels::AttentionShape& shape, const at::Tensor& q, const at::Tensor& k,
                       const std::vector<std::int64_t>& asked, std::vector<double>& mean, std::vector<double>& asked_mean) {
  if (shape.heads == 0) return;
  std::vector<std::int64_t> kv_heads(shape.kv_of_head, shape.kv_of_head + shape.heads);
  const at::Tensor queries = q.to(at::kDouble), keys = k.to(at::kDouble).index_select(1, at::tensor(kv_heads));
  for (std::int64_t b = 0; b < shape.sequences; ++b) {
    const std::int64_t begin = shape.query_offsets[b], tokens = shape.query_offsets[b + 1] - begin;
    const at::Tensor mask = seen(shape, tokens);
    at::Tensor logits = at::matmul(queries.narrow(0, begin, tokens).transpose(0, 1),    // [H,T,D]
                                   keys.narrow(0, begin, tokens).permute({1, 2, 0})) *  // [H,D,S]
                        shape.scale;
    logits.masked_fill_(mask.logical_not(), -std::numeric_limits<double>::infinity());
    const at::Tensor weights = logits.softmax(-1);  // [H,T,S]
    put((weights.sum(1) / mask.sum(0)).transpose(0, 1), begin, mean);
    std::vector<std::int64_t> own;
    for (const std::int64_t row : asked)
      if (row >= begin && row < begin + tokens) own.push_back(row - begin);
    if (!own.empty()) put(weights.index_select(1, at::tensor(own)).mean(1).transpose(0, 1), begin, asked_mean);
  }
}

}  // namespace hies::ops
