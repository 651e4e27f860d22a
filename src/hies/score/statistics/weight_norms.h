#pragma once

#include <map>

#include "hies/arch/checkpoint.h"
#include "hies/model/unit_table.h"

namespace hies::score {

// Returns, of each head, √ of the summed squares of its query, key, value rows and output columns; no biases (HIES paper, baseline L2).
// Keys and values that heads share count for each of them. Larger = keep. Throws bad_input on NaN or infinity in a weight.
model::UnitTable<double> weight_l2(const arch::Checkpoint& checkpoint);

// Adds the rows of the ffn sites: of each neuron √ of the summed squares of its up (and gate) row and down column; no biases. Throws as
// weight_l2 does.
void add_neuron_norms(const arch::Checkpoint& checkpoint, model::UnitTable<double>& table);

// Spectral norms of the output projections W_O.
struct OutputNorms {
  std::map<model::Site, double> layer;  // ‖W_O‖₂; 0 for a layer without heads
  model::UnitTable<double> head;        // ‖W_O[:,h]‖₂
};
OutputNorms output_norms(const arch::Checkpoint& checkpoint);

}  // namespace hies::score
