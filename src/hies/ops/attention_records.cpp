#include <cmath>
#include <numeric>

#include "hies/base/error.h"
#include "hies/model/attention_call_torch.h"
#include "hies/model/attention_weights_torch.h"
#include "hies/model/network_torch.h"

// What an AttentionRun writes into its probe.
namespace hies::model {
namespace {

// Calls visit(b·H + head) for every query token and head, in that order.
template <class Visit>
void for_each_token_head(const kernels::AttentionShape& shape, const Visit& visit) {
  for (std::int64_t b = 0; b < shape.sequences; ++b)
    for (std::int64_t t = shape.query_offsets[b]; t < shape.query_offsets[b + 1]; ++t)
      for (std::int64_t head = 0; head < shape.heads; ++head) visit(static_cast<std::size_t>(b * shape.heads + head));
}

}  // namespace

void AttentionRun::note_first(int layer, const LayerHeads& heads, const Projected& projected, QueryRows rows) {
  if (!noting_ || probe_ == nullptr || !probe_->want_entropy || !of_first()) return;
  const at::NoGradGuard frozen;
  const std::vector<std::int64_t>& offsets = rows == QueryRows::all ? batch_.offsets : rows_.asked_offsets;
  const at::Tensor first = index_tensor(std::span(offsets).first(static_cast<std::size_t>(batch_.size())));
  std::vector<std::int64_t> ones(offsets.size());
  std::iota(ones.begin(), ones.end(), std::int64_t{0});
  Projected some = projected;
  some.query.rows = projected.query.rows.index_select(0, brought(first, projected.query.rows.device()));
  const auto call = make_call(layer, heads, some, rows);
  call->shape.query_offsets = ones.data();
  run_forward(*call, arguments_of(*call, some), true);
}

void AttentionRun::note_outputs(const Call& call, const at::Tensor& out, const at::Tensor& gradient) {
  const at::NoGradGuard frozen;
  const at::Tensor dout = gradient.contiguous();
  kernels::AttentionBackward backward;
  backward.out = strided(out, call.shape.head_dim);
  backward.dout = strided(dout, call.shape.head_dim);
  run_backward(call, backward);
}

void AttentionRun::note_inner(const Call& call, const at::Tensor& per_token) {
  const at::Tensor values = per_token.to(at::kDouble).contiguous();
  const double* value = values.const_data_ptr<double>();
  AttentionProbe::Layer& notes = probe_->layers[static_cast<std::size_t>(call.layer)];
  for_each_token_head(call.shape, [&](std::size_t sequence_head) {
    notes.inner[sequence_head] += *value;
    notes.inner_abs[sequence_head] += std::abs(*value);
    ++value;
  });
}

void AttentionRun::note_out_sq(const Call& call, const at::Tensor& out) {
  if (gpu_) return gpu_->note_out_sq(call.shape, strided(out, call.shape.head_dim), call.layer);
  const at::Tensor squares = out.to(at::kDouble).square().view({out.size(0), call.shape.heads, call.shape.head_dim}).sum(-1);
  const double* value = squares.const_data_ptr<double>();
  AttentionProbe::Layer& notes = probe_->layers[static_cast<std::size_t>(call.layer)];
  for_each_token_head(call.shape, [&](std::size_t sequence_head) { notes.out_sq[sequence_head] += *value++; });
}

void AttentionRun::note_attention(const Call& call, const Projected& projected) {
  if (gpu_) unsupported("attention weights themselves are made on the CPU only: run with --device cpu");
  AttentionProbe::Layer& notes = probe_->layers[static_cast<std::size_t>(call.layer)];
  const auto heads = [&](const HeadColumns& columns, std::int64_t count) {
    const at::Tensor& rows = columns.rows;
    return rows.as_strided({batch_.token_count(), count, call.shape.head_dim}, {rows.stride(0), columns.step, 1},
                           rows.storage_offset() + columns.first);
  };
  const auto* first = rows_.asked.const_data_ptr<std::int64_t>();
  const std::vector<std::int64_t> asked(first, first + rows_.asked_offsets.back());
  attention_weights(call.shape, heads(projected.query, call.shape.heads), heads(projected.key, call.shape.kv_heads), asked,
                    notes.attention_mean, notes.attention_asked);
}

void AttentionRun::finish() {
  if (probe_ == nullptr) return;
  if (leaf_call_ != nullptr && leaf_.grad().defined()) note_outputs(*leaf_call_, leaf_, leaf_.grad());
  if (gpu_) gpu_->collect(*probe_);
}

}  // namespace hies::model
