#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "hies/arch/family.h"
#include "hies/model/cost.h"
#include "hies/model/units.h"
#include "hies/prune/plan.h"

namespace hies::prune {

struct LatencyTable;

// How much is removed, and what must stay. Exactly one of ratio (with or without ffn_ratio), ffn_ratio, heads, params_ratio,
// flops_ratio, matrix_flops_ratio, latency_ratio is set.
struct BudgetOptions {
  std::optional<double> ratio = std::nullopt;
  std::optional<double> ffn_ratio = std::nullopt;
  std::optional<std::int64_t> heads = std::nullopt;
  std::optional<double> params_ratio = std::nullopt;
  std::optional<double> flops_ratio = std::nullopt;
  std::optional<double> matrix_flops_ratio = std::nullopt;
  std::optional<double> latency_ratio = std::nullopt;
  std::string latency_table = {};  // file of latency_table.h, for latency_ratio
  bool uniform = false;
  std::int64_t min_heads_per_layer = 0;
  std::int64_t min_neurons_per_layer = 0;
  std::string protect = {};  // protect.h, original indices
  std::string target = {};   // a program of runtimes.h that the result must run in; empty: any

  template <class V, class Self>
  static void fields(V& v, Self& self) {
    v("ratio", self.ratio,
      "share of the model's present heads (with units of several: of its units) to remove, 0 … 1; or attention=X,ffn=Y: of its "
      "heads and of its neurons");
    v("ffn_ratio", self.ffn_ratio, "share of the model's present neurons (with blocks: of its blocks) to remove, 0 … 1");
    v("heads", self.heads, "how many heads to remove; whole units, at least so many");
    v("params_ratio", self.params_ratio, "share of the model's parameters to remove, 0 … 1");
    v("flops_ratio", self.flops_ratio, "share of the model's FLOPs per token to remove, 0 … 1");
    v("matrix_flops_ratio", self.matrix_flops_ratio, "share of the FLOPs of the matrices of heads and neurons to remove, 0 … 1");
    v("latency_ratio", self.latency_ratio, "share of the model's latency to remove, by latency_table, 0 … 1");
    v("latency_table", self.latency_table, "with latency_ratio: table.json of `hies latency-table`");
    v("uniform", self.uniform,
      "remove as much from every layer; of a share of FLOPs, parameters or latency one unit of each layer at a time");
    v("min_heads_per_layer", self.min_heads_per_layer, "heads that every layer keeps");
    v("min_neurons_per_layer", self.min_neurons_per_layer, "neurons that every layer keeps");
    v("protect", self.protect, "heads never to remove: LAYER:HEAD,LAYER:HEAD,…");
    v("target", self.target,
      "refuse what this program cannot run: transformers, transformers-4, vllm, sglang, tensorrt-llm, llama.cpp, onnxruntime or "
      "transformers.js");
  }
};

// Throws bad_input for what is wrong whatever the model: no budget or two, a share outside 0 … 1 or NaN, `heads` or
// min_heads_per_layer negative, `uniform` with `heads`, an unknown target. For early refusal, before long work.
void check_options(const BudgetOptions& options);

// What a plan needs to know of the model; score::Scores has all of it.
struct PlanInput {
  model::ModelHashes model;
  const model::Layout& layout;
  model::UnitKind unit_kind = model::UnitKind::head;    // of attention
  const model::UnitGroups& units;                       // of that kind
  const model::UnitTable<double>& keep_scores;          // one for each of `units`, higher = keep
  const model::UnitTable<model::UnitCost>& unit_costs;  // of the sites of `units`, of all sites for matrix_flops_ratio
  const model::UnitTable<model::UnitCost>& kv_costs;    // the same
  std::int64_t parameters = 0;                          // of the whole model
  double flops_per_token = 0;                           // of the whole model
  arch::Portability portability = {};                   // of the family
  bool additive = false;                                // keep-scores add up: what is removed has the lowest score for its FLOPs
  const model::UnitSet* before = nullptr;               // units that are removed before all others; null: none
  const LatencyTable* latency = nullptr;                // of this model; for latency_ratio
};

// Returns the plan that removes the units of the lowest keep-scores first, over all sites, ties by (layer, unit): DESIGN §7, PAPER §2.
// Where scores are additive the order is that of score ÷ FLOPs of the unit's matrices, over heads and neurons alike; else units of both
// sites have shares of their own (ratio, ffn_ratio).
// Units that `protect` or min_heads_per_layer keep are passed over. Of that order the plan takes floor(ratio·N + 0.5) of the N present
// units, or as many as make `heads` heads, or the shortest beginning that removes at least the share params_ratio or flops_ratio of
// the whole model, or the share latency_ratio of its time by the table (latency_budget.h); with `uniform` floor(ratio·U_l + 0.5) of each
// layer's, or one unit of every layer at a time: of the site whose scores ÷ costs, added over the layers, are lower. So plans are
// nested in the budget.
// Plan::information gets what was asked, what it saves, and which programs can run the result. Throws bad_input for a share outside
// 0 … 1 or NaN, no budget or two, `heads` negative or more than present, `uniform` with `heads` or of layers that differ, a share of heads or neurons of which
// none have scores, a budget that cannot be reached (it says what can), `protect` that is not a list of present units, a keep-score that
// is not finite, and what the target cannot take.
Plan make_plan(const PlanInput& input, const BudgetOptions& options);

}  // namespace hies::prune
