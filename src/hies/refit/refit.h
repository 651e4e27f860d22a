#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "hies/base/progress.h"
#include "hies/data/dataset.h"
#include "hies/engine/model.h"
#include "hies/formats/stored_tensor.h"
#include "hies/model/unit_set.h"
#include "hies/refit/options.h"

namespace hies::refit {

// What a refit found.
struct Refit {
  // How far the residual stream after a site is from the dense model's, as mean squares over tokens, with the old matrix and the new.
  struct Gain {
    model::Site site;
    double before = 0, after = 0;
  };
  struct Candidate {
    double damping = 0;
    double divergence = 0;  // of held-out rows
  };

  double damping = 0;
  std::vector<Candidate> candidates;                   // that were judged
  std::optional<double> divergence_before = {};        // of the pruned model with its old matrices; unset without held-out rows
  std::optional<double> divergence_after = {};         // of the refitted one
  std::vector<Gain> gains;                             // of the sites that were fitted, in their order
  std::int64_t examples = 0, tokens = 0, heldout = 0;  // rows fitted with, their tokens, rows held out
  formats::TensorMap pruned;                           // tensors of the pruned checkpoint, in its element types
  formats::TensorMap whole;                            // the same for the whole one, with the units removed by a mask
};

// Fits the output matrices of the model without the removed units, site after site in the order of the layers, so that the residual
// stream of `fitted` comes as near to the dense model's as least squares allow (REFIT §4). What is fitted already feeds what follows.
// The damping is the one that leaves the answers to `heldout`, rows that are not fitted, nearest to the dense model's.
// Throws bad_input for no rows to fit with, rows that do not fit into memory and sums that are not finite; and as check_options does.
Refit refit(const engine::Model& model, const model::UnitSet& removed, const data::Dataset& fitted, const data::Dataset& heldout,
            const RefitOptions& options, Progress& progress = silent_progress());

}  // namespace hies::refit
