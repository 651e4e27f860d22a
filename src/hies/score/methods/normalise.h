#pragma once

#include <string_view>

#include "hies/model/unit_table.h"

namespace hies::score {

// Over which units minimum and maximum are taken.
enum class Scope { global, per_layer };
// Reads "global" or "per-layer". Throws bad_input.
Scope parse_scope(std::string_view name);

// Returns (x − min) / (max − min), 0…1; 0 where all are equal (HIES paper, §2).
model::UnitTable<double> min_max(model::UnitTable<double> table, Scope scope);

// Returns the table as it is with Scope::global, where min–max would not change the order; min–max per layer otherwise.
model::UnitTable<double> ranked(model::UnitTable<double> table, Scope scope);

// Returns alpha·min_max(importance) + (1 − alpha)·(1 − min_max(entropy)): Eq. 1.
model::UnitTable<double> mix(const model::UnitTable<double>& importance, const model::UnitTable<double>& entropy, double alpha,
                             Scope scope);

}  // namespace hies::score
