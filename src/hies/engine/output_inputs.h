#pragma once

#include <map>
#include <vector>

#include "hies/engine/model.h"
#include "hies/model/batch.h"
#include "hies/model/site.h"

namespace hies::engine {

// Sums over what the output matrix of a site reads: x [T, W], heads' outputs or neurons' activations, of every token, also of those that no
// task head reads. U units of W/U columns each.
struct OutputInputs {
  std::vector<double> squares;       // [W] Σ_t x_t²
  std::vector<double> mean_squares;  // [W] Σ_b (mean over the tokens t of sequence b of |x_t|)²
  std::vector<double> contributions;  // [U] Σ_t ‖x_t,u V_u‖², V_u [W/U, E] the unit's rows of the matrix, times the layer scale
  std::int64_t tokens = 0, sequences = 0;
};

// Adds the sums of a batch, site by site of the model, to `sums`. Runs the layers forward once.
void add_output_inputs(const Model& model, const model::Batch& batch, std::map<model::Site, OutputInputs>& sums);

}  // namespace hies::engine
