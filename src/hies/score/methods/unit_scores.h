#pragma once

#include <string_view>

#include "hies/model/units.h"
#include "hies/score/methods/method.h"

namespace hies::score {

// How the scores of a unit's heads become one: their sum or their largest. Norms add as squares do; entropies are always averaged.
enum class GroupScore { sum, max };
// "sum", "max". Throws bad_input.
GroupScore parse_group_score(std::string_view name);

// Units and how much each is worth keeping.
struct UnitScores {
  model::UnitKind kind = model::UnitKind::head;
  model::UnitLayout units;        // [L][U]
  model::HeadTable<double> keep;  // [L][U], higher = keep, finite
};

// Raw scores are gathered into units first, then min–max and mixture are those of units (DESIGN §7). Dead heads take no part.
// Throws as keep_scores does, and as make_units does.
UnitScores unit_scores(const Scores& scores, const MethodOptions& options);

// [L][H]: every present head with its unit's keep-score, for an image. Dead heads stand lowest.
model::HeadTable<double> spread_over_heads(const UnitScores& scores, const model::HeadLayout& layout);

}  // namespace hies::score
