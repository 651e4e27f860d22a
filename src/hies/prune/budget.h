#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hies/model/cost.h"
#include "hies/model/heads.h"
#include "hies/prune/plan.h"

namespace hies::prune {

// How much is removed, and what must stay. Exactly one of ratio, heads, params_ratio, flops_ratio is set.
struct BudgetOptions {
  std::optional<double> ratio;
  std::optional<std::int64_t> heads;
  std::optional<double> params_ratio;
  std::optional<double> flops_ratio;
  bool uniform = false;
  std::int64_t min_heads_per_layer = 0;
  std::string protect;  // "LAYER:HEAD,…", original indices

  template <class V, class Self>
  static void fields(V& v, Self& self) {
    v("ratio", self.ratio, "share of the model's present heads to remove, 0 … 1");
    v("heads", self.heads, "how many heads to remove");
    v("params_ratio", self.params_ratio, "share of the model's parameters to remove, 0 … 1");
    v("flops_ratio", self.flops_ratio, "share of the model's FLOPs per token to remove, 0 … 1");
    v("uniform", self.uniform, "remove the same number of heads from every layer");
    v("min_heads_per_layer", self.min_heads_per_layer, "heads that every layer keeps");
    v("protect", self.protect, "heads never to remove: LAYER:HEAD,LAYER:HEAD,…");
  }
};

// What a plan needs to know of the model; score::Scores has all of it.
struct PlanInput {
  std::string model_hash;
  const model::HeadLayout& layout;
  const model::HeadTable<double>& keep_scores;  // [L][H], higher = keep
  const model::HeadTable<model::HeadCost>& head_costs;
  std::int64_t parameters = 0;   // of the whole model
  double flops_per_token = 0;    // of the whole model
};

// Lowest keep-score first, over all layers, ties by (layer, head): DESIGN §7, PAPER §2. Count = floor(ratio·N + 0.5) of the N
// present heads; with `uniform` floor(ratio·H_l + 0.5) in each layer. params_ratio and flops_ratio: the shortest such prefix that
// removes at least that share. Plans are nested in the budget. Throws bad_input for a ratio outside 0…1 or NaN, no budget or two,
// a budget that min_heads_per_layer and protect leave no room for (it says how many can go), and protect that names no present head.
Plan make_plan(const PlanInput& input, const BudgetOptions& options);

}  // namespace hies::prune
