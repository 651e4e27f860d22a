#pragma once

#include <vector>

#include "hies/model/checkpoint.h"
#include "hies/model/heads.h"

namespace hies::score {

// [L][H] √ of the summed squares of the head's query, key, value rows and output columns; no biases (HIES paper, baseline L2).
// Keys and values that heads share count for each of them. Larger = keep. Throws bad_input on NaN or infinity in a weight.
model::HeadTable<double> weight_l2(const model::Checkpoint& checkpoint);

// Spectral norms of the output projections W_O.
struct OutputNorms {
  std::vector<double> layer;      // [L] ‖W_O‖₂; 0 for a layer without heads
  model::HeadTable<double> head;  // [L][H] ‖W_O[:,h]‖₂
  bool operator==(const OutputNorms&) const = default;
};
OutputNorms output_norms(const model::Checkpoint& checkpoint);

}  // namespace hies::score
