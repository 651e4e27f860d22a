#pragma once

#include "hies/base/json.h"
#include "hies/report/points.h"

namespace hies::report {

// Returns what the page draws of sites beside heads, and of refits.

// The Pareto fronts by sites and refit: [{"cost", "sites", "refit", "points": [[cost, quality, sd, stability, label, ratio], …]}].
Json fronts_json(const evidence::Evidence& evidence, const RunPoints& run);
// What a refit did, as means over the records: {"divergence": [before, after], "sites": [[layer, kind, before, after], …]}; null
// without one.
Json refitted_json(const Point& point);
// What is left of each layer, as mean shares over the records: {"neurons": [layer], "heads": [layer][head of the layout]}; null where no
// neuron was removed.
Json left_json(const Point& point, const model::Layout& layout);

}  // namespace hies::report
