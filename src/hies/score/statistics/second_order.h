#pragma once

#include <string_view>

#include "hies/model/unit_table.h"
#include "hies/score/statistics/statistic.h"

namespace hies::score {

// What the statistic `second-order` puts into Scores, by name.
inline constexpr std::string_view kGateGradient = "gate_grad";  // table
inline constexpr std::string_view kOutputSquares = "a_sq";      // table
inline constexpr std::string_view kOutputNorm = "output_norm";  // table, and a value for each site
inline constexpr std::string_view kCurvature = "curvature";     // constant: ObjectiveKind::curvature

// Returns the bound's first-order term (Eq. 3): mean over x of |Σ_t D_t|, not averaged over tokens; equals the mean of |∂L(x)/∂gate|.
model::UnitTable<double> gate_gradient(const model::Layout& layout, const ExampleStatistics& statistics);
// Returns the bound's ‖A_h‖²_F, mean over x.
model::UnitTable<double> output_squares(const model::Layout& layout, const ExampleStatistics& statistics);

}  // namespace hies::score
