#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "hies/model/cost.h"
#include "hies/model/heads.h"
#include "hies/prune/plan.h"

namespace hies::prune {

// How much is removed, and what must stay. Exactly one of ratio, heads, params_ratio, flops_ratio is set.
struct BudgetOptions {
  std::optional<double> ratio = std::nullopt;
  std::optional<std::int64_t> heads = std::nullopt;
  std::optional<double> params_ratio = std::nullopt;
  std::optional<double> flops_ratio = std::nullopt;
  bool uniform = false;
  std::int64_t min_heads_per_layer = 0;
  std::string protect = {};  // "LAYER:HEAD,…", original indices

  template <class V, class Self>
  static void fields(V& v, Self& self) {
    v("ratio", self.ratio, "share of the model's present heads to remove, 0 … 1");
    v("heads", self.heads, "how many heads to remove");
    v("params_ratio", self.params_ratio, "share of the model's parameters to remove, 0 … 1");
    v("flops_ratio", self.flops_ratio, "share of the model's FLOPs per token to remove, 0 … 1");
    v("uniform", self.uniform, "with ratio: remove that share from every layer, not from the model as a whole");
    v("min_heads_per_layer", self.min_heads_per_layer, "heads that every layer keeps");
    v("protect", self.protect, "heads never to remove: LAYER:HEAD,LAYER:HEAD,…");
  }
};

// Throws bad_input for what is wrong whatever the model: no budget or two, a share outside 0 … 1 or NaN, `heads` or
// min_heads_per_layer negative, `uniform` without ratio. For early refusal, before long work.
void check_options(const BudgetOptions& options);

// What a plan needs to know of the model; score::Scores has all of it.
struct PlanInput {
  std::string model_hash;
  const model::HeadLayout& layout;
  const model::HeadTable<double>& keep_scores;  // [L][H], higher = keep
  const model::HeadTable<model::HeadCost>& head_costs;
  std::int64_t parameters = 0;  // of the whole model
  double flops_per_token = 0;   // of the whole model
};

// Lowest keep-score first, over all layers, ties by (layer, head): DESIGN §7, PAPER §2. Heads that `protect` or
// min_heads_per_layer keep are passed over. Of that order the plan takes floor(ratio·N + 0.5) of the N present heads, or `heads`,
// or the shortest beginning that removes at least the share params_ratio or flops_ratio of the whole model; with `uniform`
// floor(ratio·H_l + 0.5) of each layer's. So plans are nested in the budget.
// Plan::information gets what was asked and what it saves. Throws bad_input for a share outside 0 … 1 or NaN, no budget or two,
// `heads` negative or more than present, `uniform` without ratio, a budget that cannot be reached (it says what can),
// `protect` that is not a list of present heads, and a keep-score that is not finite.
Plan make_plan(const PlanInput& input, const BudgetOptions& options);

}  // namespace hies::prune
