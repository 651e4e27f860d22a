#pragma once

#include <vector>

#include "hies/nn/batch_rows.h"
#include "hies/nn/weight_source.h"

namespace hies::nn {

// What the backward pass of a task head needs.
struct TaskHeadTape {
  ops::Norm::Tape norm;
  std::vector<at::Tensor> inside;  // what each dense layer's activation reads
  std::int64_t states = 0;         // rows of the last hidden state
};

// From the rows of the last hidden state that leave the last block [A, E] to logits [B padded, V], or, of a language model, to the
// final states [R padded, E], which vocabulary() makes logits of. Without a classifier: to the pooled states [B padded, E].
class TaskHead {
 public:
  TaskHead(const model::ModelSpec& spec, const WeightSource& weights);

  // `tape`: null where no backward pass follows.
  at::Tensor forward(const at::Tensor& states, const BatchRows& rows, TaskHeadTape* tape) const;
  // Returns the gradient by the states from that by what forward() returned.
  at::Tensor backward(const at::Tensor& gradient, const BatchRows& rows, const TaskHeadTape& tape) const;
  // Returns how many rows of what forward() gives are answers to the batch, one for each sequence or target row; the rows behind them
  // are padding.
  std::int64_t answers(const model::Batch& batch) const noexcept;
  // Returns the output matrix [V, E] of a language model. Throws internal for other models.
  const ops::Linear& vocabulary() const;

 private:
  struct Dense {
    ops::Linear matrix;
    model::Activation activation;
  };
  // One tensor [B padded, E or 2E] for each classifier.
  std::vector<at::Tensor> pooled(const at::Tensor& read, const BatchRows& rows) const;
  at::Tensor unpooled(const std::vector<at::Tensor>& of_pooled, std::int64_t read, const BatchRows& rows) const;

  const model::ModelSpec& spec_;
  ops::Norm norm_;
  std::vector<Dense> dense_;
  std::vector<ops::Linear> classifiers_;
};

}  // namespace hies::nn
