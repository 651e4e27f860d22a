#pragma once

#include "hies/arch/checkpoint.h"
#include "hies/base/progress.h"
#include "hies/engine/execution.h"
#include "hies/prune/latency_table.h"

namespace hies::eval {

struct LatencyTableOptions {
  std::int64_t batch = 1;
  std::int64_t tokens = 128;
  std::int64_t steps = 8;
  double seconds = 20;

  template <class V, class Self>
  static void fields(V& v, Self& self) {
    v("batch", self.batch, "sequences, or images, that are run at once");
    v("tokens", self.tokens, "tokens of each sequence; images have as many as the model makes of them");
    v("steps", self.steps, "head counts, and widths, that are measured beside none; those between are interpolated");
    v("seconds", self.seconds, "time spent on measuring; at least three rounds are");
  }
};

// Throws bad_input for an option out of range, whatever the model.
void check_options(const LatencyTableOptions& options);

// Returns the device, its name, dtype and threads of a run; batch and tokens are left as they are.
prune::LatencySetting latency_setting(const engine::ExecutionOptions& execution);

// Measures how long the model's layers take by the numbers of their heads and neurons: forward passes of models of random weights in the
// checkpoint's shape, in which all layers that compute alike have the same number, in turns. The last layer computes fewer rows where the
// task head reads few, and is measured apart. Of a model that is larger than caches some layers stand for all. Throws bad_input for options
// out of range and for a model without heads or neurons, and what Model::with_random_weights throws.
prune::LatencyTable measure_latency_table(const arch::Checkpoint& checkpoint, const LatencyTableOptions& options,
                                          const engine::ExecutionOptions& execution, Progress& progress = silent_progress());

}  // namespace hies::eval
