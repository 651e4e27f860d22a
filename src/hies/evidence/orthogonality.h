#pragma once

#include "hies/model/unit_table.h"

namespace hies::evidence {

// How much head importance and attention entropy have in common (reference/PAPER.md, §3). Both are normalised first: importance
// to the sum 1, entropy by min–max over all heads.
struct Orthogonality {
  double his_mean = 0;       // 1 / heads
  double ae_mean = 0;        // 0 … 1
  double covariance = 0;     // of the heads as a population
  double inner_product = 0;  // Σ over heads of his · ae, 0 … 1
  double pearson = 0;        // -1 … 1; 0 where one of them is the same for all heads
};

// Returns them for tables of the same heads, at least one. Importance that is 0 everywhere stays 0.
Orthogonality orthogonality(const model::UnitTable<double>& his, const model::UnitTable<double>& ae);

}  // namespace hies::evidence
