#include "hies/nn/attention.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "hies/base/error.h"
#include "hies/ops/attention_weights.h"
#include "hies/ops/tensors.h"

namespace hies::nn {

using ops::HeadColumns;
using ops::Projected;

// The shape points into the vectors, so a call is made in place and stays there.
struct AttentionCall {
  kernels::AttentionShape shape;
  std::vector<std::int32_t> kv_of_head;  // [H]
  std::vector<std::uint8_t> skip;        // [H] 1: gate 0

  AttentionCall(const RunContext& run, int layer, const model::SiteLayout& heads, QueryRows rows, at::ScalarType type)
      : kv_of_head(heads.kv_positions()), skip(heads.units.size(), 0) {
    if (const std::vector<double>* gates = run.gates(layer))
      for (std::size_t head = 0; head < gates->size(); ++head) skip[head] = (*gates)[head] == 0;
    shape.sequences = run.batch().size();
    shape.query_offsets = rows == QueryRows::all ? run.batch().offsets.data() : run.rows().asked_offsets.data();
    shape.key_offsets = run.rows().key_offsets.data();
    shape.causal = run.spec().causal;
    if (shape.causal) shape.window = run.spec().layer(layer).attention.window;
    shape.heads = heads.count();
    shape.kv_heads = heads.kv_count();
    shape.kv_of_head = kv_of_head.data();
    shape.head_dim = heads.unit_size;
    shape.scale = 1.0 / std::sqrt(static_cast<double>(heads.unit_size));
    shape.dtype = ops::kernel_type(type);
  }
  AttentionCall(const AttentionCall&) = delete;
  AttentionCall& operator=(const AttentionCall&) = delete;
  std::int64_t query_tokens() const { return shape.query_offsets[shape.sequences]; }
};

AttentionTape::AttentionTape() = default;
AttentionTape::~AttentionTape() = default;
AttentionTape::AttentionTape(AttentionTape&&) noexcept = default;
AttentionTape& AttentionTape::operator=(AttentionTape&&) noexcept = default;

namespace {

// The same columns of other rows.
HeadColumns within(const HeadColumns& columns, const at::Tensor& rows) { return {rows, columns.first, columns.step}; }

// Like `rows`, with 0 in those that the kernels leave out because they are no token's.
at::Tensor padded_like(const at::Tensor& rows, std::int64_t width, std::int64_t tokens) {
  at::Tensor result = at::empty({rows.size(0), width}, rows.options());
  if (tokens < rows.size(0)) result.narrow(0, tokens, rows.size(0) - tokens).zero_();
  return result;
}

kernels::AttentionForward arguments_of(const AttentionCall& call, const Projected& projected) {
  kernels::AttentionForward forward;
  forward.q = ops::strided(projected.query);
  forward.k = ops::strided(projected.key);
  forward.v = ops::strided(projected.value);
  forward.skip_head = call.skip.data();
  return forward;
}

// Multiplies outputs [rows, H·D] by the gates. Heads with gate 0 were skipped and are zero already.
at::Tensor gated(const RunContext& run, int layer, const at::Tensor& out, std::int64_t head_dim) {
  const std::vector<double>* row = run.gates(layer);
  if (row == nullptr || std::all_of(row->begin(), row->end(), [](double gate) { return gate == 0 || gate == 1; })) return out;
  const at::Tensor gates = at::tensor(*row, at::TensorOptions().dtype(at::kDouble)).to(out.options());
  return out * gates.repeat_interleave(head_dim);
}

// Records the entropy of each sequence's first token, if that is what the recorder wants.
void record_first(RunContext& run, int layer, const model::SiteLayout& heads, const Projected& projected, QueryRows rows) {
  if (!run.recording() || !run.wants_first_entropy()) return;
  const std::vector<std::int64_t>& offsets = rows == QueryRows::all ? run.batch().offsets : run.rows().asked_offsets;
  const at::Tensor first = ops::index_tensor(std::span(offsets).first(static_cast<std::size_t>(run.batch().size())));
  std::vector<std::int64_t> ones(offsets.size());
  std::iota(ones.begin(), ones.end(), std::int64_t{0});
  Projected some = projected;
  some.query.rows = projected.query.rows.index_select(0, ops::to_device(first, projected.query.rows.device()));
  AttentionCall call(run, layer, heads, rows, some.query.rows.scalar_type());
  call.shape.query_offsets = ones.data();
  run.kernels().forward(call.shape, arguments_of(call, some), layer);
}

void record_weights(RunContext& run, int layer, const AttentionCall& call, const Projected& projected) {
  if (projected.query.rows.is_cuda())
    unsupported("attention weights themselves are computed on the CPU only: run with `device` cpu");
  model::Recorder::Layer& to = run.recorder()->layers[static_cast<std::size_t>(layer)];
  const auto heads = [&](const HeadColumns& columns, std::int64_t count) {
    const at::Tensor& rows = columns.rows;
    return rows.as_strided({run.batch().token_count(), count, call.shape.head_dim}, {rows.stride(0), columns.step, 1},
                           rows.storage_offset() + columns.first);
  };
  const auto* first = run.rows().asked.const_data_ptr<std::int64_t>();
  const std::vector<std::int64_t> asked(first, first + run.rows().asked_offsets.back());
  ops::attention_weights(call.shape, heads(projected.query, call.shape.heads), heads(projected.key, call.shape.kv_heads), asked,
                         to.attention_mean, to.attention_asked);
}

// Returns outputs (undefined where they are not wanted), and fills `lse` where it is defined.
at::Tensor run_kernels(RunContext& run, int layer, const AttentionCall& call, const Projected& projected, bool want_output,
                       bool record, const at::Tensor& lse) {
  at::Tensor out;
  if (want_output) out = padded_like(projected.query.rows, call.shape.heads * call.shape.head_dim, call.query_tokens());
  kernels::AttentionForward forward = arguments_of(call, projected);
  forward.out = ops::strided(out, call.shape.head_dim);
  if (lse.defined()) forward.lse = lse.data_ptr();
  const model::Recorder* recorder = run.recorder();
  const bool entropy = record && recorder->want_entropy && !run.wants_first_entropy();
  run.kernels().forward(call.shape, forward, entropy ? layer : -1);
  if (record && recorder->want_out_sq) run.kernels().record_squares(call.shape, out, layer);
  if (record && recorder->want_attention) record_weights(run, layer, call, projected);
  return out;
}

}  // namespace

at::Tensor attention_forward(RunContext& run, int layer, const model::SiteLayout& heads, const Projected& given, QueryRows rows,
                             AttentionTape* tape) {
  Projected projected = given;
  if (run.rows().key_rows.defined()) {
    check(run.recorder() == nullptr, "a recorder of sequences that continue others");
    projected.key.rows = projected.value.rows = given.key.rows.index_select(0, run.rows().key_rows);
  }
  const at::Tensor& query = projected.query.rows;
  auto call = std::make_unique<AttentionCall>(run, layer, heads, rows, query.scalar_type());
  const bool record = run.recording() && rows == QueryRows::all && run.wants_all_queries();
  record_first(run, layer, heads, projected, rows);
  const at::Tensor lse = tape == nullptr ? at::Tensor() : ops::row_statistics(call->shape, query.device());
  const at::Tensor out = run_kernels(run, layer, *call, projected, true, record, lse);
  if (tape != nullptr) {
    tape->call = std::move(call);
    tape->columns = {within(projected.query, {}), within(projected.key, {}), within(projected.value, {})};
    tape->query = query;
    tape->key_value = projected.key.rows;
    tape->together = query.is_same(projected.key.rows);
    tape->out = out;
    tape->lse = lse;
  }
  return gated(run, layer, out, heads.unit_size);
}

void observe_attention(RunContext& run, int layer, const Projected& projected) {
  if (!run.recording()) return;
  const AttentionCall call(run, layer, run.spec().layout.attention(layer), QueryRows::all, projected.query.rows.scalar_type());
  run_kernels(run, layer, call, projected, run.recorder()->want_out_sq, true, {});
}

AttentionGradient attention_backward(RunContext& run, int layer, const AttentionTape& tape, const at::Tensor& of_outputs,
                                     bool only_inner) {
  const kernels::AttentionShape& shape = tape.call->shape;
  const at::Tensor dout = gated(run, layer, of_outputs, shape.head_dim).contiguous();
  kernels::AttentionBackward backward;
  backward.out = ops::strided(tape.out, shape.head_dim);
  backward.dout = ops::strided(dout, shape.head_dim);
  backward.skip_head = tape.call->skip.data();
  if (only_inner) {
    run.kernels().backward(shape, backward, layer);
    return {};
  }
  const at::Tensor dquery = padded_like(tape.query, tape.query.size(1), tape.call->query_tokens());
  const at::Tensor dkey_value =
      tape.together ? dquery : padded_like(tape.key_value, tape.key_value.size(1), shape.key_offsets[shape.sequences]);
  backward.q = ops::strided(within(tape.columns.query, tape.query));
  backward.k = ops::strided(within(tape.columns.key, tape.key_value));
  backward.v = ops::strided(within(tape.columns.value, tape.key_value));
  backward.lse = tape.lse.data_ptr();
  backward.dq = ops::strided(within(tape.columns.query, dquery));
  backward.dk = ops::strided(within(tape.columns.key, dkey_value));
  backward.dv = ops::strided(within(tape.columns.value, dkey_value));
  run.kernels().backward(shape, backward, layer);
  return {dquery, tape.together ? at::Tensor() : dkey_value};
}

}  // namespace hies::nn
