#pragma once

#include <filesystem>
#include <vector>

#include "hies/base/progress.h"
#include "hies/evidence/records.h"
#include "hies/sweep/run_inputs.h"

namespace hies::sweep {

// Returns whether the option `latency` measures a cell: seed 0 of each method and ratio, ranked with `examples` calibration examples
// and with the alpha that was chosen, or usual_alpha() where none was.
bool wants_latency(const evidence::RecordKey& key, const SweepOptions& options, std::int64_t examples);

// Measures the cells that want it, each in pairs with the unpruned model on single examples of DEV: the heads are really cut out, in a
// temporary checkpoint within `folder`. Equal masks are measured once. What is measured is kept in DIR/latency.jsonl and not
// measured again. Sets latency_ms of the records.
void measure_latencies(const RunInputs& data, const SweepOptions& options, const model::Model& model,
                       const std::filesystem::path& folder, std::vector<evidence::Record>& records, Progress& progress);

}  // namespace hies::sweep
