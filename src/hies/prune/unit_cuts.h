#pragma once

#include <compare>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "hies/arch/checkpoint.h"
#include "hies/formats/safetensors_writer.h"
#include "hies/formats/tensor_store.h"

namespace hies::prune {

// What of a stored tensor belongs to removed units, ascending and apart along `axis`.
struct Cut {
  struct Range {
    std::int64_t begin = 0, end = 0;                 // indices begin … end-1
    bool zeroed = false;                             // 0 is written there; else it is left out
    auto operator<=>(const Range&) const = default;  // NOLINT(modernize-use-nullptr): clang-tidy 14 sees a pointer here
  };
  int axis = 0;
  std::vector<Range> ranges;
};

// By stored tensor; a tensor that keeps everything is absent.
using Cuts = std::unordered_map<const formats::TensorView*, Cut>;

// Returns the slices of the units and KV heads that `left` lacks, cut out, and those of its padding heads, zeroed in the query and the
// output projection. `keep_shapes`: of both the slices of the last matrix of a site alone (output, down), zeroed.
Cuts unit_cuts(const arch::Checkpoint& source, const model::Layout& left, bool keep_shapes);

// Returns `view` without the cut (null: all of it). Bytes are copied from the mapped file straight to the sink, in pieces, and each
// piece's memory is given back; the next is read from the disk meanwhile. With `check_finite` NaN and infinity are thrown as bad_input
// before their piece is sent.
formats::TensorSource part_source(const formats::TensorView& view, const Cut* cut, bool check_finite);

}  // namespace hies::prune
