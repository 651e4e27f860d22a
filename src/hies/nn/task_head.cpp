#include "hies/nn/task_head.h"

#include "hies/base/error.h"
#include "hies/ops/activation.h"

namespace hies::nn {

using model::Pooling;

TaskHead::TaskHead(const model::ModelSpec& spec, const WeightSource& weights) : spec_(spec) {
  if (spec.final_norm) norm_ = weights.norm(*spec.final_norm);
  for (const auto& dense : spec.head.dense) dense_.push_back({weights.linear(dense.matrix), dense.activation});
  for (const auto& classifier : spec.head.classifiers) classifiers_.push_back(weights.linear(classifier));
}

const ops::Linear& TaskHead::vocabulary() const {
  check(spec_.head.pooling == Pooling::targets, "a vocabulary of a model that is no language model");
  return classifiers_.front();
}

std::int64_t TaskHead::answers(const model::Batch& batch) const noexcept {
  return spec_.head.pooling == Pooling::targets ? std::ssize(batch.target_rows) : batch.size();
}

std::vector<at::Tensor> TaskHead::pooled(const at::Tensor& read, const BatchRows& rows) const {
  if (spec_.head.pooling == Pooling::first_two) {
    const at::Tensor both = read.unflatten(0, {-1, 2});
    return {both.select(1, 0).contiguous(), both.select(1, 1).contiguous()};
  }
  if (spec_.head.pooling != Pooling::first_and_mean) return {read};
  const auto count = static_cast<std::int64_t>(rows.asked_offsets.size()) - 1;
  const at::Tensor sequences = read.narrow(0, 0, rows.asked_offsets.back()).unflatten(0, {count, -1});
  const at::Tensor both = at::cat({sequences.select(1, 0), sequences.narrow(1, 1, sequences.size(1) - 1).mean(1)}, 1);
  return {at::constant_pad_nd(both, {0, 0, 0, ops::padded_sequences(count) - count})};
}

// Returns the gradient by the rows that pooled() read, `read` of them.
at::Tensor TaskHead::unpooled(const std::vector<at::Tensor>& of_pooled, std::int64_t read, const BatchRows& rows) const {
  if (spec_.head.pooling == Pooling::first_two) return at::stack(of_pooled, 1).flatten(0, 1);
  if (spec_.head.pooling != Pooling::first_and_mean) return of_pooled.front();
  const std::int64_t E = spec_.hidden, tokens = rows.asked_offsets.back();
  const auto count = static_cast<std::int64_t>(rows.asked_offsets.size()) - 1;
  const at::Tensor real = of_pooled.front().narrow(0, 0, count);
  at::Tensor result = at::zeros({read, E}, real.options());
  at::Tensor sequences = result.narrow(0, 0, tokens).view({count, -1, E});
  const std::int64_t others = sequences.size(1) - 1;
  sequences.select(1, 0).copy_(real.narrow(1, 0, E));
  sequences.narrow(1, 1, others)
      .copy_((real.narrow(1, E, E) / static_cast<double>(others)).unsqueeze(1).expand({count, others, E}));
  return result;
}

at::Tensor TaskHead::forward(const at::Tensor& states, const BatchRows& rows, TaskHeadTape* tape) const {
  at::Tensor read = rows.read.defined() ? states.index_select(0, rows.read) : states;
  if (tape != nullptr) tape->states = states.size(0);
  if (norm_.weight.defined()) read = norm_.forward(read, {}, tape == nullptr ? nullptr : &tape->norm);
  if (spec_.head.pooling == Pooling::targets) return read;
  std::vector<at::Tensor> inputs = pooled(read, rows);
  for (const Dense& dense : dense_) {
    const at::Tensor inside = dense.matrix(inputs.front());
    if (tape != nullptr) tape->inside.push_back(inside);
    inputs = {ops::activation(dense.activation, inside)};
  }
  if (classifiers_.empty()) return inputs.front();
  at::Tensor logits = classifiers_.front()(inputs.front());
  for (std::size_t i = 1; i < classifiers_.size(); ++i) logits = logits + classifiers_[i](inputs[i]);
  return classifiers_.size() > 1 ? logits / static_cast<double>(classifiers_.size()) : logits;
}

at::Tensor TaskHead::backward(const at::Tensor& gradient, const BatchRows& rows, const TaskHeadTape& tape) const {
  at::Tensor of_read = gradient;
  if (spec_.head.pooling != Pooling::targets) {
    check(!classifiers_.empty(), "a gradient of hidden states");
    std::vector<at::Tensor> of_inputs;
    const auto count = static_cast<double>(classifiers_.size());
    for (const ops::Linear& classifier : classifiers_)
      of_inputs.push_back(classifier.gradient(count > 1 ? gradient / count : gradient));
    for (std::size_t i = dense_.size(); i-- > 0;)
      of_inputs = {dense_[i].matrix.gradient(ops::activation_gradient(dense_[i].activation, of_inputs.front(), tape.inside[i]))};
    of_read = unpooled(of_inputs, norm_.weight.defined() ? tape.norm.x.size(0) : tape.states, rows);
  }
  if (norm_.weight.defined()) of_read = norm_.backward(tape.norm, of_read.contiguous());
  if (!rows.read.defined()) return of_read;
  at::Tensor of_states = at::zeros({tape.states, of_read.size(1)}, of_read.options());
  // Rows behind the real ones have no gradient, so it does no harm that several name the same row.
  return of_states.index_add_(0, rows.read, of_read);
}

}  // namespace hies::nn
