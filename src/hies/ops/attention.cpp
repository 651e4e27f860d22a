#include "hies/model/attention_torch.h"

#include <algorithm>
#include <cmath>

#include <torch/csrc/autograd/custom_function.h>

#include "hies/base/error.h"
#include "hies/model/attention_call_torch.h"
#include "hies/model/network_torch.h"

namespace hies::model {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

kernels::DType kernel_type(at::ScalarType type) {
  switch (type) {
    case at::kDouble: return kernels::DType::float64;
    case at::kFloat: return kernels::DType::float32;
    case at::kBFloat16: return kernels::DType::bfloat16;
    default: break;
  }
  check(false, "attention in an unexpected dtype");
  return kernels::DType::float32;
}

// The same columns of other rows.
HeadColumns within(const HeadColumns& columns, const at::Tensor& rows) { return {rows, columns.first, columns.step}; }

// Like `rows`, with 0 in those that the kernels leave out because they are no token's.
at::Tensor padded_like(const at::Tensor& rows, std::int64_t width, std::int64_t tokens) {
  at::Tensor result = at::empty({rows.size(0), width}, rows.options().requires_grad(false));
  if (tokens < rows.size(0)) result.narrow(0, tokens, rows.size(0) - tokens).zero_();
  return result;
}

}  // namespace

// The kernels under torch's autograd. Weights are frozen, so the graph holds activations only.
struct AttentionFunction : torch::autograd::Function<AttentionFunction> {
  // The run owns the call and outlives the backward pass; the graph keeps its address.
  static at::Tensor forward(AutogradContext* context, const at::Tensor& query_rows, const at::Tensor& key_value_rows,
                            std::int64_t call, bool note) {
    auto& target = *reinterpret_cast<AttentionRun::Call*>(call);
    const Projected& columns = target.columns;
    at::Tensor out = target.run->forward(
        target, {within(columns.query, query_rows), within(columns.key, key_value_rows), within(columns.value, key_value_rows)},
        true, note);
    context->save_for_backward({query_rows, key_value_rows, out});
    context->saved_data["call"] = call;
    return out;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    auto& call = *reinterpret_cast<AttentionRun::Call*>(context->saved_data["call"].toInt());
    variable_list result = call.run->backward(call, context->get_saved_variables(), gradients[0]);
    result.resize(4);
    return result;
  }
};

AttentionRun::AttentionRun(const ModelSpec& spec, const Batch& batch, const HeadGates* gates, AttentionProbe* probe,
                           at::Device device)
    : spec_(spec), layout_(spec.layers), batch_(batch), gates_(gates), probe_(probe), rows_(spec, batch, device) {
  if (device.is_cuda()) gpu_ = std::make_unique<GpuAttention>(layout_, batch.size(), probe, device);
  if (probe_ == nullptr) return;
  probe_->layers.assign(layout_.size(), {});
  for (std::size_t layer = 0; layer < layout_.size(); ++layer) {
    AttentionProbe::Layer& notes = probe_->layers[layer];
    const auto size = static_cast<std::size_t>(batch.size() * layout_[layer].count());
    if (probe_->want_inner) notes.inner.assign(size, 0);
    if (probe_->want_inner) notes.inner_abs.assign(size, 0);
    if (probe_->want_entropy) notes.entropy.assign(size, 0);
    if (probe_->want_entropy) notes.entropy_queries.assign(static_cast<std::size_t>(batch.size()), 0);
    if (probe_->want_out_sq) notes.out_sq.assign(size, 0);
    const auto weights = static_cast<std::size_t>(batch.token_count() * layout_[layer].count());
    if (probe_->want_attention) notes.attention_mean.assign(weights, 0);
    if (probe_->want_attention) notes.attention_asked.assign(weights, 0);
  }
}

AttentionRun::~AttentionRun() = default;

const RopeAngles& AttentionRun::angles(QueryRows rows, std::int64_t head_dim, at::ScalarType type) {
  if (!all_angles_.cosine.defined())
    all_angles_ = rope_angles(spec_.decoder.rope, head_dim, rows_.positions, rows_.lengths, type, rows_.asked.device());
  if (rows == QueryRows::all) return all_angles_;
  if (!asked_angles_.cosine.defined()) asked_angles_ = all_angles_.rows(rows_.asked);
  return asked_angles_;
}

at::Tensor AttentionRun::rotated(at::Tensor x, QueryRows rows, std::int64_t head_dim, std::int64_t count, std::int64_t step) {
  if (spec_.decoder.rope.kind == RopeKind::none) return x;
  return rotate_(x, angles(rows, head_dim, x.scalar_type()), count, step);
}

std::unique_ptr<AttentionRun::Call> AttentionRun::make_call(int layer, const LayerHeads& heads, const Projected& projected,
                                                            QueryRows rows) {
  auto made = std::make_unique<Call>();
  Call& call = *made;
  call.run = this;
  call.layer = layer;
  call.kv_of_head = heads.kv_positions();
  call.skip.assign(heads.heads.size(), 0);
  if (gates_ != nullptr) {
    const auto& row = (*gates_)[static_cast<std::size_t>(layer)];
    for (std::size_t head = 0; head < row.size(); ++head) call.skip[head] = row[head] == 0;
  }
  call.shape.sequences = batch_.size();
  call.shape.query_offsets = rows == QueryRows::all ? batch_.offsets.data() : rows_.asked_offsets.data();
  call.shape.key_offsets = rows_.key_offsets.data();
  call.shape.causal = spec_.causal;
  if (spec_.causal) call.shape.window = spec_.decoder.windows[static_cast<std::size_t>(layer)];
  call.shape.heads = heads.count();
  call.shape.kv_heads = heads.kv_count();
  call.shape.kv_of_head = call.kv_of_head.data();
  call.shape.head_dim = heads.head_dim;
  call.shape.scale = 1.0 / std::sqrt(static_cast<double>(heads.head_dim));
  call.shape.dtype = kernel_type(projected.query.rows.scalar_type());
  call.columns = {within(projected.query, {}), within(projected.key, {}), within(projected.value, {})};
  call.together = projected.query.rows.is_same(projected.key.rows);
  return made;
}

kernels::AttentionForward AttentionRun::arguments_of(const Call& call, const Projected& projected) {
  kernels::AttentionForward forward;
  forward.q = strided(projected.query);
  forward.k = strided(projected.key);
  forward.v = strided(projected.value);
  forward.skip_head = call.skip.data();
  if (call.lse.defined()) forward.lse = call.lse.data_ptr();
  return forward;
}

at::Tensor AttentionRun::forward(const Call& call, const Projected& projected, bool want_output, bool note) {
  const at::Tensor& query = projected.query.rows;
  at::Tensor out;
  if (want_output) out = padded_like(query, call.shape.heads * call.shape.head_dim, call.query_tokens());
  kernels::AttentionForward forward = arguments_of(call, projected);
  forward.out = strided(out, call.shape.head_dim);
  run_forward(call, forward, note && probe_->want_entropy && !of_first());
  if (note && probe_->want_out_sq) note_out_sq(call, out);
  if (note && probe_->want_attention) note_attention(call, projected);
  return out;
}

void AttentionRun::run_forward(const Call& call, const kernels::AttentionForward& arguments, bool note_entropy) {
  kernels::AttentionForward forward = arguments;
  AttentionProbe::Layer* notes = note_entropy ? &probe_->layers[static_cast<std::size_t>(call.layer)] : nullptr;
  if (gpu_) {
    if (note_entropy) kernels::count_entropy_queries(call.shape, notes->entropy_queries.data());
    return gpu_->forward(call.shape, forward, note_entropy ? call.layer : -1);
  }
  if (note_entropy) {
    forward.entropy = notes->entropy.data();
    forward.entropy_queries = notes->entropy_queries.data();
  }
  kernels::attention_forward(call.shape, forward);
}

void AttentionRun::run_backward(const Call& call, kernels::AttentionBackward& arguments) {
  arguments.skip_head = call.skip.data();
  if (gpu_) return gpu_->backward(call.shape, arguments, call.layer);
  const at::Tensor inner = call.statistics(at::kCPU);
  arguments.head_inner = inner.data_ptr();
  kernels::attention_backward(call.shape, arguments);
  note_inner(call, inner);
}

at::Tensor AttentionRun::attend(int layer, const LayerHeads& heads, const Projected& given, QueryRows rows) {
  Projected projected = given;
  if (rows_.key_rows.defined()) {
    check(probe_ == nullptr, "a probe of sequences that continue others");
    projected.key.rows = projected.value.rows = given.key.rows.index_select(0, rows_.key_rows);
  }
  auto made = make_call(layer, heads, projected, rows);
  Call& call = *made;
  const bool note = noting_ && rows == QueryRows::all && wants_all_queries();
  note_first(layer, heads, projected, rows);
  if (!wants_inner() || !at::GradMode::is_enabled()) return gated(layer, forward(call, projected, true, note));

  calls_.push_back(std::move(made));
  const at::Tensor &query = projected.query.rows, &key_value = projected.key.rows;
  at::Tensor out;
  if (key_value.requires_grad()) {
    call.lse = call.statistics(query.device());
    out = AttentionFunction::apply(query, key_value, reinterpret_cast<std::int64_t>(&call), note);
  } else {
    out = forward(call, projected, true, note);
    out.requires_grad_(true);
    leaf_call_ = &call;
    leaf_ = out;
  }
  return gated(layer, out);
}

void AttentionRun::observe(int layer, const Projected& projected) {
  if (!noting_) return;
  const auto call = make_call(layer, layout_[static_cast<std::size_t>(layer)], projected, QueryRows::all);
  forward(*call, projected, probe_->want_out_sq, true);
}

std::vector<at::Tensor> AttentionRun::backward(const Call& call, const std::vector<at::Tensor>& saved,
                                               const at::Tensor& gradient) {
  const at::Tensor dout = gradient.contiguous();
  const at::Tensor dquery = padded_like(saved[0], saved[0].size(1), call.query_tokens());
  const at::Tensor dkey_value =
      call.together ? dquery : padded_like(saved[1], saved[1].size(1), call.shape.key_offsets[call.shape.sequences]);
  kernels::AttentionBackward backward;
  backward.q = strided(within(call.columns.query, saved[0]));
  backward.k = strided(within(call.columns.key, saved[1]));
  backward.v = strided(within(call.columns.value, saved[1]));
  backward.out = strided(saved[2], call.shape.head_dim);
  backward.dout = strided(dout, call.shape.head_dim);
  backward.lse = call.lse.data_ptr();
  backward.dq = strided(within(call.columns.query, dquery));
  backward.dk = strided(within(call.columns.key, dkey_value));
  backward.dv = strided(within(call.columns.value, dkey_value));
  run_backward(call, backward);
  return {dquery, call.together ? at::Tensor() : dkey_value};
}

at::Tensor AttentionRun::attend(int layer, const Projected& projected, Tape& tape) {
  calls_.push_back(make_call(layer, layout_[static_cast<std::size_t>(layer)], projected, QueryRows::all));
  Call& call = *calls_.back();
  const at::Tensor& query = projected.query.rows;
  note_first(layer, layout_[static_cast<std::size_t>(layer)], projected, QueryRows::all);
  if (layer > 0) call.lse = call.statistics(query.device());
  tape = {&call, query, projected.key.rows, forward(call, projected, true, noting_ && wants_all_queries())};
  return tape.out;
}

std::vector<at::Tensor> AttentionRun::backward(const Tape& tape, const at::Tensor& gradient) {
  return backward(*tape.call, {tape.query, tape.key_value, tape.out}, gradient);
}

void AttentionRun::backward_of_first(const Tape& tape, const at::Tensor& gradient) {
  note_outputs(*tape.call, tape.out, gradient);
}

at::Tensor AttentionRun::rotated_back(at::Tensor x, std::int64_t head_dim, std::int64_t count, std::int64_t step) {
  if (spec_.decoder.rope.kind == RopeKind::none) return x;
  return rotate_back_(x, angles(QueryRows::all, head_dim, x.scalar_type()), count, step);
}

at::Tensor AttentionRun::gated(int layer, const at::Tensor& out) const {
  if (gates_ == nullptr) return out;
  const auto& row = (*gates_)[static_cast<std::size_t>(layer)];
  // Heads with gate 0 were skipped and are zero already.
  if (std::all_of(row.begin(), row.end(), [](double gate) { return gate == 0 || gate == 1; })) return out;
  const at::Tensor gates = at::tensor(row, at::TensorOptions().dtype(at::kDouble)).to(out.options());
  return out * gates.repeat_interleave(layout_[static_cast<std::size_t>(layer)].head_dim);
}

}  // namespace hies::model
