#pragma once

#include "hies/model/unit_table.h"
#include "hies/score/options.h"
#include "hies/score/statistics/statistic.h"

namespace hies::score {

// Returns HIS, ≥ 0, larger = keep. D_t: inner product of gradient and head output at token t.
//   example  mean over x of |Σ_t D_t| / n(x)
//   token    mean over x of Σ_t |D_t| / n(x)
//   batch    mean over groups of `batch_examples` consecutive examples (the last may be smaller) of |mean over x of Σ_t D_t / n(x)|
model::UnitTable<double> importance(const model::Layout& layout, const ExampleStatistics& statistics, Granularity granularity,
                                    std::int64_t batch_examples);

}  // namespace hies::score
