#include "hies/eval/predict.h"

#include "hies/data/finite.h"
#include "hies/data/packing.h"
#include "hies/eval/collect.h"

namespace hies::eval {

Predictions predict(const engine::Model& model, const data::Dataset& dataset, const model::Gates* gates,
                    const model::Objective* objective, std::int64_t batch_tokens, Progress& progress) {
  Predictions all = unfilled(model.spec(), dataset, objective != nullptr);
  progress.begin("predict", dataset.size(), "examples");
  for (const model::Batch& batch : data::pack(dataset, batch_tokens)) {
    Progress::throw_if_cancelled();
    const model::RunResult result = model.run(batch, {.gates = gates, .objective = objective, .recorder = nullptr});
    data::check_finite(model, batch, gates, result, dataset);
    collect(result, batch, dataset, model.spec().problem, all);
    progress.advance(data::example_count(batch));
  }
  progress.end();
  return all;
}

}  // namespace hies::eval
