#pragma once

#include <optional>

#include "hies/base/progress.h"
#include "hies/data/packing.h"
#include "hies/data/task.h"
#include "hies/eval/evaluation_subject.h"
#include "hies/eval/predict.h"
#include "hies/eval/result.h"

namespace hies::eval {

struct EvalOptions {
  double stability_tolerance = 0.05;
  std::int64_t batch_tokens = data::kBatchTokens;
  LatencyOptions latency;

  template <class V, class Self>
  static void fields(V& v, Self& self) {
    v("stability_tolerance", self.stability_tolerance,
      "how far apart two predicted numbers may be and still agree: share of the label range, 0 … 1");
    v("batch_tokens", self.batch_tokens, "tokens computed at once; bounds memory, does not change results");
    LatencyOptions::fields(v, self.latency);
  }
};

struct Evaluation {
  Result result;
  Predictions predictions;
  std::optional<Predictions> reference;  // in the order of the model's classes
};

// Throws bad_input for an option out of range; for refusal before long work.
void check_options(const EvalOptions& options);

// Quality, stability, cost and speed of a model, beside those of a reference if there is one (`reference` may be null). Both
// subjects hold the same examples in the same order. Throws bad_input for an empty data set, a reference that answers another
// kind of question or with another number of labels, options out of range, and answers or losses that are not finite.
Evaluation evaluate(const data::Task& task, const EvaluationSubject& model, const EvaluationSubject* reference,
                    const EvalOptions& options, Progress& progress = silent_progress());

}  // namespace hies::eval
