#pragma once

#include <functional>

#include <ATen/ATen.h>

#include "hies/model/network_torch.h"

namespace hies::model {

// What the task head gives from the last layer's state.
at::Tensor result_of(const Network& network, const AttentionRun& run, const at::Tensor& hidden);

// What the task head gives (Network::task_head) with all heads that the layout has, gated and noted as `run` was told.
at::Tensor forward(const Network& network, const HeadLayout& layout, const Batch& batch, AttentionRun& run);

// The first layer, from 0, behind which a state of the batch is not finite; −1: that before all layers is not; their number: all are.
int first_not_finite(const Network& network, const HeadLayout& layout, const Batch& batch, AttentionRun& run);

// The same forward and back, with the graph of at most `layers_at_once` layers at a time: the states between so many layers are kept,
// and all but the last layers run again when their gradient is due. `gradient_of`: from the result to the loss's gradient by it.
void forward_backward(const Network& network, const HeadLayout& layout, const Batch& batch, AttentionRun& run, int layers_at_once,
                      const std::function<at::Tensor(const at::Tensor& result)>& gradient_of);

}  // namespace hies::model
