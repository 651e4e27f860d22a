#pragma once

#include <cstdint>
#include <vector>

#include "hies/arch/checkpoint.h"
#include "hies/data/dataset.h"
#include "hies/model/layout.h"

namespace hies::eval {

// What a model costs, whatever machine it runs on. FLOPs as in model/cost.h.
struct Cost {
  std::int64_t parameters = 0;
  std::int64_t attention_parameters = 0;   // of the heads' slices
  double flops_per_example = 0;            // mean over the data, at its real lengths
  double attention_flops_per_example = 0;  // of the heads
  std::uint64_t bytes = 0;                 // of the weight files on disk
  bool operator==(const Cost&) const = default;
};

// Tokens of every sequence of a data set, as it is run when nothing is shared: a question has one for each choice.
struct Lengths {
  std::vector<std::int64_t> sequences;
  std::int64_t examples = 0;  // that they are of
};
Lengths lengths(const data::Dataset& dataset);

// Returns the cost of the checkpoint with the units of `left` only: what is masked counts as removed, except for `bytes`, which are
// those of the checkpoint as it is on disk, masked units included. `left` is the checkpoint's layout or a part of it.
Cost cost(const arch::Checkpoint& checkpoint, const model::Layout& left, const Lengths& lengths);

}  // namespace hies::eval
