#pragma once

#include <string_view>

#include "hies/model/heads.h"

namespace hies::score {

// Over which heads minimum and maximum are taken.
enum class Scope { global, per_layer };
// "global", "per-layer". Throws bad_input.
Scope parse_scope(std::string_view name);

// (x − min) / (max − min), 0…1; 0 where all are equal (HIES paper, §2).
model::HeadTable<double> min_max(model::HeadTable<double> table, Scope scope);

// As it is with Scope::global, where min–max would not change the order; min–max per layer otherwise.
model::HeadTable<double> ranked(model::HeadTable<double> table, Scope scope);

// alpha·min_max(importance) + (1 − alpha)·(1 − min_max(entropy)): Eq. 1.
model::HeadTable<double> mix(const model::HeadTable<double>& importance, const model::HeadTable<double>& entropy, double alpha,
                             Scope scope);

}  // namespace hies::score
