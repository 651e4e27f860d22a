#pragma once

#include <unordered_map>
#include <utility>
#include <vector>

#include "hies/formats/safetensors_writer.h"
#include "hies/formats/tensor_store.h"
#include "hies/model/checkpoint.h"

namespace hies::prune {

// What of a stored tensor belongs to removed heads: indices begin … end-1 along `axis`, ascending, apart.
struct Cut {
  int axis = 0;
  std::vector<std::pair<std::int64_t, std::int64_t>> ranges;
};

// By stored tensor; a tensor that keeps everything is absent.
using Cuts = std::unordered_map<const formats::TensorView*, Cut>;

// The slices of the heads that `left` lacks, from the family's table. `only_output`: those of the output projection alone.
Cuts head_cuts(const model::Checkpoint& source, const model::HeadLayout& left, bool only_output);

// `view` without the cut, or, with `zeroed`, of its old shape and 0 there. Bytes go from the mapped file straight to the sink.
formats::TensorSource cut_source(const formats::TensorView& view, const Cut& cut, bool zeroed);

}  // namespace hies::prune
