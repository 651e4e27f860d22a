#pragma once

#include <cstdint>
#include <vector>

#include "hies/model/batch.h"
#include "hies/model/heads.h"
#include "hies/model/model.h"
#include "hies/model/probe.h"
#include "hies/score/options.h"

namespace hies::score {

// What the runs over a data set noted, example by example in the order of the data set, whatever the order and the company in
// which they were run. N examples.
struct Notes {
  std::vector<std::int64_t> tokens;                  // [N] n(x)
  std::vector<double> losses;                        // [N], empty without objective
  std::vector<model::AttentionProbe::Layer> layers;  // [L], as the probe's with N for B; empty vectors for what was not wanted

  Notes(const model::HeadLayout& layout, std::int64_t examples, const model::AttentionProbe& wanted, bool with_losses);
  // Puts one run's results where they belong.
  void add(const model::HeadLayout& layout, const model::Batch& batch, const model::RunResult& result,
           const model::AttentionProbe& probe);
  std::int64_t size() const noexcept { return static_cast<std::int64_t>(tokens.size()); }
};

// Tables over the examples' means; each [L][H]. They add up in the order of the data set.

// HIS (HIES paper, Eq. 2 and App. B.1.2), ≥ 0, larger = keep. D_t: inner product of gradient and head output at token t.
//   example  mean over x of |Σ_t D_t| / n(x)
//   token    mean over x of Σ_t |D_t| / n(x)
//   batch    mean over groups of `batch_examples` consecutive examples (the last may be smaller) of |mean over x of Σ_t D_t / n(x)|
model::HeadTable<double> importance(const model::HeadLayout& layout, const Notes& notes, Granularity granularity,
                                    std::int64_t batch_examples);
// AE (App. B.2.1), 0…1: mean over queries that see at least two keys, then over the examples that have any. Throws bad_input when
// no example has.
model::HeadTable<double> entropy(const model::HeadLayout& layout, const Notes& notes);
// L2-out (App. D.9): mean over x of ‖A_h(x)‖_F / √n(x), ≥ 0.
model::HeadTable<double> output_norm(const model::HeadLayout& layout, const Notes& notes);
// The bound's first-order term (Eq. 3): mean over x of |Σ_t D_t|, not averaged over tokens; equals the mean of |∂L(x)/∂gate|.
model::HeadTable<double> gate_gradient(const model::HeadLayout& layout, const Notes& notes);
// The bound's ‖A_h‖²_F, mean over x.
model::HeadTable<double> output_squares(const model::HeadLayout& layout, const Notes& notes);

}  // namespace hies::score
