#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "hies/engine/output_inputs.h"
#include "hies/engine/weight_gradients.h"
#include "hies/model/batch.h"
#include "hies/model/layout.h"
#include "hies/model/recorder.h"
#include "hies/model/run_result.h"

namespace hies::score {

// What the runs over a data set recorded, example by example in the order of the data set, whatever the order and the company in
// which they were run. N examples; of a loss whose answers are drawn (ObjectiveKind::drawn) each draw of each is one.
struct ExampleStatistics {
  std::vector<std::int64_t> tokens;  // [N] n(x)
  std::vector<double> losses;        // [N], empty without objective
  std::vector<model::Recorder::Layer>
      layers;  // [L], as the recorder's with N for B, sums of neurons over all; empty vectors for what was not wanted

  std::map<model::Site, engine::OutputInputs> output_inputs;  // over all examples; empty where not wanted
  engine::WeightGradients weight_gradients;                   // over all examples and draws

  ExampleStatistics(const model::Layout& layout, std::int64_t examples, const model::Recorder& wanted, bool with_losses,
                    std::int64_t draws = 1);
  // Puts one run's results where they belong; `draw`, from 0, which of them it is.
  void add(const model::Layout& layout, const model::Batch& batch, const model::RunResult& result,
           const model::Recorder& recorder, std::int64_t draw = 0);
  std::int64_t size() const noexcept { return static_cast<std::int64_t>(tokens.size()); }
  const model::Recorder::Layer& layer(int index) const { return layers[static_cast<std::size_t>(index)]; }

 private:
  std::int64_t draws_;
};

}  // namespace hies::score
