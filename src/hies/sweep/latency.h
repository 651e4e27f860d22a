#pragma once

#include <filesystem>
#include <vector>

#include "hies/base/progress.h"
#include "hies/evidence/records.h"
#include "hies/sweep/run_inputs.h"

namespace hies::sweep {

// Returns whether the option `latency` measures a cell: seed 0 of each method and ratio, ranked with `examples` calibration
// examples and with the alpha that was chosen, or usual_alpha() where none was.
bool wants_latency(const evidence::RecordKey& key, const SweepOptions& options, std::int64_t examples);

// Measures the latency of those cells, in pairs with the unpruned model on single examples of the evaluation data. The heads are
// removed in a temporary checkpoint within `folder`. Equal masks are measured once. Latencies are kept in DIR/latency.jsonl, so that
// a resumed sweep does not measure them again. Sets latency_ms of the records.
void measure_latencies(const RunInputs& data, const SweepOptions& options, const engine::Model& model,
                       const std::filesystem::path& folder, std::vector<evidence::Record>& records, Progress& progress);

}  // namespace hies::sweep
