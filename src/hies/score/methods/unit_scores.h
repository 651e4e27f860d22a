#pragma once

#include <string_view>

#include "hies/model/units.h"
#include "hies/score/methods/method.h"

namespace hies::score {

// How the importances of heads that are removed together become one: their sum or their greatest (statistic.h, Aggregation).
enum class GroupScore { sum, max };
// Reads "sum" or "max". Throws bad_input.
GroupScore parse_group_score(std::string_view name);

// What is removed together and how much each is worth keeping.
struct UnitScores {
  model::UnitKind kind = model::UnitKind::head;  // of attention
  bool additive = false;                         // Method::additive, where all are of one method
  model::UnitGroups units;
  model::UnitTable<double> keep;  // one for each of `units`, higher = keep, finite
};

// Gathers raw scores of the options' sites into units first; min–max and mixture are those of units (DESIGN §7). Padding heads take no
// part. Neurons of a layer are gathered in blocks of ffn_multiple, lowest first; what its width has beyond a multiple is the first block.
// Throws as keep_scores does, and as make_units does.
UnitScores unit_scores(const Scores& scores, const MethodOptions& options);

// Returns every present head with its unit's keep-score, for an image. Padding heads, and heads that are no units, stand lowest.
model::UnitTable<double> spread_over_heads(const UnitScores& scores, const model::Layout& layout);

}  // namespace hies::score
