#include "hies/model/attention_torch.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <torch/csrc/autograd/custom_function.h>

#include "hies/base/error.h"

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

// The kernels keep sums of bfloat16 in float32.
at::ScalarType statistics_type(at::ScalarType type) { return type == at::kDouble ? at::kDouble : at::kFloat; }

// [T, heads·D], rows possibly strided → the kernels' view.
kernels::Strided strided(const at::Tensor& tensor, std::int64_t head_dim) {
  if (!tensor.defined()) return {};
  return {tensor.data_ptr(), tensor.stride(0), head_dim};
}

// Calls visit(b·H + head) for every query token and head, in that order.
template <class Visit>
void for_each_token_head(const kernels::AttentionShape& shape, const Visit& visit) {
  for (std::int64_t b = 0; b < shape.sequences; ++b)
    for (std::int64_t t = shape.query_offsets[b]; t < shape.query_offsets[b + 1]; ++t)
      for (std::int64_t head = 0; head < shape.heads; ++head) visit(static_cast<std::size_t>(b * shape.heads + head));
}

}  // namespace

struct AttentionRun::Call {
  AttentionRun* run = nullptr;
  int layer = 0;
  kernels::AttentionShape shape;
  std::vector<std::int32_t> kv_of_head;  // [H]
  std::vector<std::uint8_t> skip;        // [H] 1: gate 0
  at::Tensor lse;                        // [query tokens, H]

  std::int64_t query_tokens() const { return shape.query_offsets[shape.sequences]; }
};

// The kernels under torch's autograd. Weights are frozen, so the graph holds activations only.
struct AttentionFunction : torch::autograd::Function<AttentionFunction> {
  // The run owns the call and outlives the backward pass; the graph keeps its address.
  static at::Tensor forward(AutogradContext* context, const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                            std::int64_t call, bool note) {
    auto& target = *reinterpret_cast<AttentionRun::Call*>(call);
    at::Tensor out = target.run->forward(target, query, key, value, true, note);
    context->save_for_backward({query, key, value, out});
    context->saved_data["call"] = call;
    return out;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    auto& call = *reinterpret_cast<AttentionRun::Call*>(context->saved_data["call"].toInt());
    const auto saved = context->get_saved_variables();
    // Each gradient is computed only where something below has a graph.
    const auto like = [&](std::size_t input) {
      return context->needs_input_grad(input) ? at::empty_like(saved[input]) : at::Tensor();
    };
    variable_list result = {like(0), like(1), like(2), {}, {}};
    call.run->backward(call, saved, gradients[0], result);
    return result;
  }
};

AttentionRun::AttentionRun(const HeadLayout& layout, const Batch& batch, const HeadGates* gates, AttentionProbe* probe)
    : layout_(layout), batch_(batch), gates_(gates), probe_(probe), one_query_(batch.offsets.size()) {
  std::iota(one_query_.begin(), one_query_.end(), std::int64_t{0});
  if (probe_ == nullptr) return;
  probe_->layers.assign(layout.size(), {});
  for (std::size_t layer = 0; layer < layout.size(); ++layer) {
    AttentionProbe::Layer& notes = probe_->layers[layer];
    const auto size = static_cast<std::size_t>(batch.size() * layout[layer].count());
    if (probe_->want_inner) notes.inner.assign(size, 0);
    if (probe_->want_inner) notes.inner_abs.assign(size, 0);
    if (probe_->want_entropy) notes.entropy.assign(size, 0);
    if (probe_->want_entropy) notes.entropy_queries.assign(static_cast<std::size_t>(batch.size()), 0);
    if (probe_->want_out_sq) notes.out_sq.assign(size, 0);
  }
}

AttentionRun::~AttentionRun() = default;

AttentionRun::Call& AttentionRun::add_call(int layer, QueryRows rows, at::ScalarType type) {
  const LayerHeads& heads = layout_[static_cast<std::size_t>(layer)];
  Call& call = *calls_.emplace_back(std::make_unique<Call>());
  call.run = this;
  call.layer = layer;
  call.kv_of_head = heads.kv_positions();
  call.skip.assign(heads.heads.size(), 0);
  if (gates_ != nullptr) {
    const auto& row = (*gates_)[static_cast<std::size_t>(layer)];
    for (std::size_t head = 0; head < row.size(); ++head) call.skip[head] = row[head] == 0;
  }
  call.shape.sequences = batch_.size();
  call.shape.query_offsets = rows == QueryRows::all ? batch_.offsets.data() : one_query_.data();
  call.shape.key_offsets = batch_.offsets.data();
  call.shape.heads = heads.count();
  call.shape.kv_heads = heads.kv_count();
  call.shape.kv_of_head = call.kv_of_head.data();
  call.shape.head_dim = heads.head_dim;
  call.shape.scale = 1.0 / std::sqrt(static_cast<double>(heads.head_dim));
  call.shape.dtype = kernel_type(type);
  call.lse = at::empty({call.query_tokens(), heads.count()}, at::TensorOptions().dtype(statistics_type(type)));
  return call;
}

at::Tensor AttentionRun::forward(Call& call, const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                                 bool want_output, bool note) {
  const at::Tensor out = want_output ? at::empty(query.sizes(), query.options().requires_grad(false)) : at::Tensor();
  kernels::AttentionForward forward;
  forward.q = strided(query, call.shape.head_dim);
  forward.k = strided(key, call.shape.head_dim);
  forward.v = strided(value, call.shape.head_dim);
  forward.out = strided(out, call.shape.head_dim);
  forward.skip_head = call.skip.data();
  forward.lse = call.lse.data_ptr();
  if (note && probe_->want_entropy) {
    AttentionProbe::Layer& notes = probe_->layers[static_cast<std::size_t>(call.layer)];
    forward.entropy = notes.entropy.data();
    forward.entropy_queries = notes.entropy_queries.data();
  }
  kernels::attention_forward(call.shape, forward);
  if (note && probe_->want_out_sq) note_out_sq(call, out);
  return out;
}

at::Tensor AttentionRun::attend(int layer, const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                                QueryRows rows) {
  Call& call = add_call(layer, rows, query.scalar_type());
  const bool note = rows == QueryRows::all && wants_all_queries();
  at::Tensor out;
  if (!wants_inner()) {
    out = forward(call, query, key, value, true, note);
  } else if (query.requires_grad() || key.requires_grad() || value.requires_grad()) {
    out = AttentionFunction::apply(query, key, value, reinterpret_cast<std::int64_t>(&call), note);
  } else {
    out = forward(call, query, key, value, true, note);
    out.requires_grad_(true);
    leaf_call_ = &call;
    leaf_ = out;
  }
  return gated(layer, out);
}

void AttentionRun::observe(int layer, const at::Tensor& query, const at::Tensor& key, const at::Tensor& value) {
  forward(add_call(layer, QueryRows::all, query.scalar_type()), query, key, value, probe_->want_out_sq, true);
}

void AttentionRun::backward(Call& call, const std::vector<at::Tensor>& saved, const at::Tensor& gradient,
                            const std::vector<at::Tensor>& wanted) {
  const at::Tensor dout = gradient.contiguous();
  const at::Tensor inner = at::empty_like(call.lse);
  kernels::AttentionBackward backward;
  backward.q = strided(saved[0], call.shape.head_dim);
  backward.k = strided(saved[1], call.shape.head_dim);
  backward.v = strided(saved[2], call.shape.head_dim);
  backward.out = strided(saved[3], call.shape.head_dim);
  backward.dout = strided(dout, call.shape.head_dim);
  backward.lse = call.lse.data_ptr();
  backward.dq = strided(wanted[0], call.shape.head_dim);
  backward.dk = strided(wanted[1], call.shape.head_dim);
  backward.dv = strided(wanted[2], call.shape.head_dim);
  backward.head_inner = inner.data_ptr();
  backward.skip_head = call.skip.data();
  kernels::attention_backward(call.shape, backward);
  note_inner(call, inner);
}

void AttentionRun::finish() {
  if (leaf_call_ == nullptr || !leaf_.grad().defined()) return;
  const at::NoGradGuard frozen;
  backward(*leaf_call_, {{}, {}, {}, leaf_}, leaf_.grad(), {{}, {}, {}});
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
  const at::Tensor squares = out.to(at::kDouble).square().view({out.size(0), call.shape.heads, call.shape.head_dim}).sum(-1);
  const double* value = squares.const_data_ptr<double>();
  AttentionProbe::Layer& notes = probe_->layers[static_cast<std::size_t>(call.layer)];
  for_each_token_head(call.shape, [&](std::size_t sequence_head) { notes.out_sq[sequence_head] += *value++; });
}

at::Tensor AttentionRun::gated(int layer, const at::Tensor& out) const {
  if (gates_ == nullptr) return out;
  const auto& row = (*gates_)[static_cast<std::size_t>(layer)];
  // Heads with gate 0 were skipped and are zero already.
  if (std::all_of(row.begin(), row.end(), [](double gate) { return gate == 0 || gate == 1; })) return out;
  const at::Tensor gates = at::tensor(row, at::TensorOptions().dtype(at::kDouble)).to(out.scalar_type());
  return out * gates.repeat_interleave(layout_[static_cast<std::size_t>(layer)].head_dim);
}

}  // namespace hies::model
