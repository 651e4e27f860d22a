#include "hies/nn/block.h"
#include "hies/ops/activation.h"

namespace hies::nn {
namespace {

// Adds gradients of the rows that are asked for [A, E] to those of all rows. Rows behind the real ones are padding, and without gradient.
void add_asked(at::Tensor& all, const BatchRows& rows, const at::Tensor& of_asked) {
  const std::int64_t real = rows.asked_offsets.back();
  all.index_add_(0, rows.asked.narrow(0, 0, real), of_asked.narrow(0, 0, real));
}

}  // namespace

// Returns the gradient by what `up` reads from that by the network's result.
at::Tensor Block::ffn_gradient(const at::Tensor& of_result, RunContext& run, const BlockTape& tape) const {
  at::Tensor of_active = down_.gradient(times_scale(of_result, ffn_scale_));  // by what leaves the gates
  if (run.wants_neurons()) {
    run.record_neurons(layer_, some_rows(run) ? QueryRows::asked : QueryRows::all, of_active, active(tape.inside, true));
  }
  if (const at::Tensor gates = run.neuron_gates(layer_, of_active.scalar_type()); gates.defined()) of_active = of_active * gates;
  const at::Tensor of_inside = ffn_.gate ? ops::gated_activation_gradient(ffn_.activation, of_active, tape.inside)
                                         : ops::activation_gradient(ffn_.activation, of_active, tape.inside);
  if (run.gradients() != nullptr) give_ffn(of_result, of_inside, run, tape);
  return of_inside;
}

void Block::give_ffn(const at::Tensor& of_result, const at::Tensor& of_inside, RunContext& run, const BlockTape& tape) const {
  GradientSink& sink = *run.gradients();
  at::Tensor active = this->active(tape.inside, true);
  if (const at::Tensor gates = run.neuron_gates(layer_, active.scalar_type()); gates.defined()) active = active * gates;
  sink.matrix(ffn_.down, active, times_scale(of_result, ffn_scale_));
  if (!ffn_.gate) return sink.matrix(ffn_.up, tape.ffn_read, of_inside);
  const std::int64_t F = of_inside.size(1) / 2;
  sink.matrix(*ffn_.gate, tape.ffn_read, of_inside.narrow(1, 0, F));
  sink.matrix(ffn_.up, tape.ffn_read, of_inside.narrow(1, F, F));
}

void Block::give_attention(const at::Tensor& of_result, const AttentionGradient& rows, RunContext& run,
                           const BlockTape& tape) const {
  GradientSink& sink = *run.gradients();
  const std::int64_t D = all_.unit_size, H = all_.count(), K = all_.kv_count();
  sink.matrix(attention_.output, tape.outputs, of_result);
  const at::Tensor& read = tape.attention_read;
  if (fused_) {  // [T, H, 3, D]
    const at::Tensor parts = rows.query.unflatten(1, {H, 3, D});
    const auto part = [&](std::int64_t i) { return parts.select(2, i).flatten(1); };
    sink.matrix(attention_.query, read, part(0));
    sink.matrix(attention_.key, read, part(1));
    return sink.matrix(attention_.value, read, part(2));
  }
  const at::Tensor queries = some_rows(run) ? read.index_select(0, run.rows().asked) : read;
  sink.matrix(attention_.query, queries, query_gradient(rows.query.clone(), run, tape));
  const at::Tensor parts = key_value_gradient(rows.key_value.clone(), run, tape).unflatten(1, {K, 2, D});
  sink.matrix(attention_.key, read, parts.select(2, 0).flatten(1));
  sink.matrix(attention_.value, read, parts.select(2, 1).flatten(1));
}

at::Tensor Block::query_gradient(const at::Tensor& of_query, RunContext& run, const BlockTape& tape) const {
  const std::int64_t D = all_.unit_size, H = all_.count();
  const QueryRows rows = some_rows(run) ? QueryRows::asked : QueryRows::all;
  at::Tensor gradient = run.rotated(of_query, rows, D, H, D, /*back=*/true);
  if (query_norm_.weight.defined()) gradient = query_norm_.backward(tape.query_norm, gradient.unflatten(1, {H, D})).flatten(1);
  return gradient;
}

at::Tensor Block::key_value_gradient(const at::Tensor& of_key_value, RunContext& run, const BlockTape& tape) const {
  const std::int64_t D = all_.unit_size, K = all_.kv_count();
  at::Tensor gradient = run.rotated(of_key_value, QueryRows::all, D, K, 2 * D, /*back=*/true);
  if (!key_norm_.weight.defined()) return gradient;
  const at::Tensor parts = gradient.unflatten(1, {K, 2, D});
  const at::Tensor keys = key_norm_.backward(tape.key_norm, parts.select(2, 0).contiguous());
  return at::stack({keys, parts.select(2, 1)}, 2).flatten(1);
}

at::Tensor Block::attention_gradient(const AttentionGradient& rows, const at::Tensor& of_sum, RunContext& run,
                                     const BlockTape& tape) const {
  const bool some = some_rows(run);
  at::Tensor of_read;  // by what attention reads: of a post-norm block the state before it, of which the residual is a part
  if (fused_) {
    if (pre_norm()) return attention_norm_.backward(tape.attention_norm, fused_projection_.gradient(rows.query), of_sum);
    of_read = of_sum;
    fused_projection_.add_gradient(rows.query, of_read);
    return of_read;
  }
  const at::Tensor of_query = query_.gradient(query_gradient(rows.query, run, tape));
  if (some || !pre_norm()) {
    of_read = at::zeros({rows.key_value.size(0), of_query.size(1)}, of_query.options());
    if (!pre_norm()) some ? add_asked(of_read, run.rows(), of_sum) : static_cast<void>(of_read.add_(of_sum));
    some ? add_asked(of_read, run.rows(), of_query) : static_cast<void>(of_read.add_(of_query));
  } else {
    of_read = of_query;
  }
  key_value_.add_gradient(key_value_gradient(rows.key_value, run, tape), of_read);
  if (!pre_norm()) return of_read;
  if (!some) return attention_norm_.backward(tape.attention_norm, of_read, of_sum);
  at::Tensor of_hidden = attention_norm_.backward(tape.attention_norm, of_read);
  add_asked(of_hidden, run.rows(), of_sum);
  return of_hidden;
}

at::Tensor Block::backward(const at::Tensor& gradient, RunContext& run, const BlockTape& tape, bool lowest) const {
  at::Tensor of_sum;  // by the sum of the attention's result and the residual
  if (pre_norm()) {
    of_sum = ffn_norm_.backward(tape.ffn_norm, up_.gradient(ffn_gradient(gradient, run, tape)), gradient);
  } else {
    at::Tensor of_attended = ffn_norm_.backward(tape.ffn_norm, gradient);
    up_.add_gradient(ffn_gradient(of_attended, run, tape), of_attended);
    of_sum = attention_norm_.backward(tape.attention_norm, of_attended);
  }
  if (all_.count() == 0) {
    if (!some_rows(run)) return of_sum;
    at::Tensor of_hidden = at::zeros({static_cast<std::int64_t>(run.rows().positions.size()), of_sum.size(1)}, of_sum.options());
    add_asked(of_hidden, run.rows(), of_sum);
    return of_hidden;
  }
  const at::Tensor of_result = times_scale(of_sum, attention_scale_), of_outputs = output_.gradient(of_result);
  const AttentionGradient rows = attention_backward(run, layer_, tape.attention, of_outputs, lowest);
  if (run.gradients() != nullptr) give_attention(of_result, rows, run, tape);
  return lowest ? at::Tensor() : attention_gradient(rows, of_sum, run, tape);
}

}  // namespace hies::nn
