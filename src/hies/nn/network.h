#pragma once

#include <functional>
#include <vector>

#include "hies/nn/block.h"
#include "hies/nn/embedding.h"
#include "hies/nn/task_head.h"

namespace hies::nn {

// A whole model: embedding, blocks, task head.
class Network {
 public:
  // `spec` outlives the network.
  Network(const model::ModelSpec& spec, const WeightSource& weights);

  const model::ModelSpec& spec() const noexcept { return spec_; }
  // Returns the state before layer 0: [T padded, E].
  at::Tensor embed(const RunContext& run) const { return embedding_(run.batch(), run.rows()); }
  const Block& block(int layer) const { return blocks_[static_cast<std::size_t>(layer)]; }
  const TaskHead& head() const noexcept { return head_; }

  // Returns what the task head gives (TaskHead::forward), with the gates of `run`; the recorder of `run` is filled but for inner
  // products.
  at::Tensor forward(RunContext& run) const;

  // Runs forward and back, with the tapes of at most `layers_at_once` layers at a time: the states between so many layers are kept,
  // and all but the last layers run again when their gradient is due. `gradient_of`: from what the task head gives to the loss's
  // gradient by it. Records inner products.
  void forward_backward(RunContext& run, int layers_at_once,
                        const std::function<at::Tensor(const at::Tensor& result)>& gradient_of) const;

  // Returns the first layer, from 0, whose state of the batch is not finite; −1: that before all layers is not; their number: all are
  // finite.
  int first_not_finite(RunContext& run) const;

 private:
  const model::ModelSpec& spec_;
  Embedding embedding_;
  std::vector<Block> blocks_;
  TaskHead head_;
};

}  // namespace hies::nn
