#pragma once

#include <optional>

#include "hies/base/progress.h"
#include "hies/eval/evaluation_subject.h"
#include "hies/eval/latency.h"

namespace hies::eval {

// How quickly a model answers on this machine with these threads.
struct Speed {
  Spread latency_ms;         // of one example in a batch of its own
  Spread tokens_per_second;  // of packed batches
  bool operator==(const Speed&) const = default;
};

// How many times as quick as the reference a model is, pair of runs by pair of runs: > 1 is quicker.
struct Speedup {
  Spread latency;
  Spread throughput;
  bool operator==(const Speedup&) const = default;
};

struct Timing {
  Speed model;
  std::optional<Speed> reference;
  std::optional<Speedup> speedup;
};

// Forward passes without losses over the data set's examples (in an order of their own, so that all lengths occur) and packed
// batches; half of the time for each. With a reference the two are measured alternately, on the same examples. `reference` may be
// null. Nothing is measured with latency_seconds 0. Throws bad_input for negative or NaN latency_seconds and latency_rounds < 1.
std::optional<Timing> time_models(const EvaluationSubject& model, const EvaluationSubject* reference,
                                  const LatencyOptions& options, std::int64_t batch_tokens,
                                  Progress& progress = silent_progress());

}  // namespace hies::eval
