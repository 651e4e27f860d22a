#pragma once

#include <cstdint>
#include <vector>

#include "hies/arch/checkpoint.h"
#include "hies/formats/tensor_file.h"

namespace hies::exports {

// The opposite of surgery: a checkpoint whose layers have more units than they kept. The units that are added are zeros, which change no
// result: queries, keys, values and neurons of zeros give zeros, and the columns that would read them are zeros, too.

// Returns a layout in which every layer has `kv_heads` KV heads with `heads` / `kv_heads` query heads each, where `heads` is not 0, and
// `neurons` neurons, where that is not 0. Units have indices of their own, from 0 on. Throws internal where a layer of `left` has more.
struct EvenCounts {
  int heads = 0, kv_heads = 0, neurons = 0;
};
model::Layout even_layout(const model::Layout& left, const EvenCounts& counts);

// Returns the tensors of the checkpoint in the shapes of `larger`, a layout of even_layout: units in their order, those of a KV head
// behind each other, zeros behind them. Tensors without units are as they were. Throws bad_input for NaN or infinity when they are
// written.
std::vector<formats::TensorSource> spread_tensors(const arch::Checkpoint& checkpoint, const model::Layout& larger);

}  // namespace hies::exports
