#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "hies/base/fields.h"
#include "hies/base/json.h"
#include "hies/data/rows.h"
#include "hies/eval/evaluate.h"
#include "hies/prune/budget.h"
#include "hies/refit/options.h"
#include "hies/score/methods/method.h"
#include "hies/score/options.h"

namespace hies::sweep {

// The grid of a sweep. The defaults are the paper's protocol (reference/PAPER.md, §4).
struct SweepOptions {
  std::vector<std::string> methods = {"random", "ad", "his", "hies", "l2", "l2-out"};
  std::vector<double> alphas = {0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1};
  std::string alpha = "grid";
  std::string sites = "attention";  // parse_sites
  std::vector<double> ratios = {0.1, 0.2, 0.3, 0.4, 0.5, 0.6};
  std::vector<double> matrix_flops_ratios, flops_ratios, params_ratios;
  std::vector<std::string> refit = {"none"};
  std::int64_t seeds = 5;
  std::vector<std::string> losses = {"task"};
  std::string loss = "grid";
  std::int64_t examples = 32;
  std::vector<std::int64_t> calibration_sizes;
  std::int64_t random_masks = 30;
  std::int64_t heldout = 256;
  std::uint64_t heldout_seed = 0;
  // How units are ranked, pruned and evaluated, as far as all cells have it in common. Other fields of these structs are set from
  // the grid, cell by cell.
  score::MethodOptions method;
  score::ScoreOptions score;
  prune::BudgetOptions budget;
  refit::RefitOptions refit_options;
  data::LoadOptions load;
  eval::EvalOptions eval;
  std::optional<std::int64_t> eval_examples;
  bool latency = false;
  engine::ExecutionOptions execution;
  std::int64_t masks_at_once = 0;

  template <class V, class Self>
  static void fields(V& v, Self& self) {
    v("methods", self.methods,
      "scoring methods (`hies methods`), hies-logit (hies with the loss logit-norm); NAME/uniform: the "
      "same share of every layer; greedy, evolve: searches; paper, baselines, all: groups of them");
    v("alphas", self.alphas, "grid of alpha for the methods that take it; 0 and 1 are always in it");
    v("alpha", self.alpha, "auto: one alpha per task is also chosen on a held-out part of the calibration file");
    v("sites", self.sites,
      "whose units are removed, each as `hies prune` takes it, '/' between them: attention/ffn/attention,ffn");
    v("ratios", self.ratios, "shares of the heads (neurons, both) to remove, 0 … 1");
    v("matrix_flops_ratios", self.matrix_flops_ratios,
      "shares of the FLOPs of the matrices of heads and neurons; instead of `ratios` where these are not given, too");
    v("flops_ratios", self.flops_ratios, "shares of the model's FLOPs per token, likewise");
    v("params_ratios", self.params_ratios, "shares of the model's parameters, likewise");
    v("refit", self.refit, "output matrices to fit anew by least squares: none, attention, all");
    v("seeds", self.seeds, "how many calibration sets are drawn: seeds 0 … N−1");
    v("losses", self.losses,
      "losses whose gradient ranks heads: task (the task's own), ce, mse, pseudo-label, logit-norm, sampled");
    v("loss", self.loss, "auto: one of `losses` per task is also chosen on the held-out part");
    v("examples", self.examples, "calibration examples of each seed");
    v("eval_examples", self.eval_examples, "examples of DEV, chosen as `hies eval` chooses them (default: all)");
    v("calibration_sizes", self.calibration_sizes, "numbers of examples for the study of the calibration set's size");
    v("random_masks", self.random_masks, "masks drawn for each ratio of random");
    v("heldout", self.heldout, "rows of the calibration file to choose alpha or loss on; none of them scores heads or is in DEV");
    v("heldout_seed", self.heldout_seed, "seed that draws the held-out rows");
    nested_fields(v, self.method, {"method", "alpha", "seed", "sites", "ffn_method"});
    nested_fields(v, self.score, {"loss", "batch_examples", "entropy_tokens", "batch_tokens", "tables", "sites"});
    nested_fields(v, self.budget,
                  {"ratio", "ffn_ratio", "heads", "params_ratio", "flops_ratio", "matrix_flops_ratio", "latency_ratio",
                   "latency_table", "uniform", "protect", "target"});
    nested_fields(v, self.refit_options, {"refit"});
    nested_fields(v, self.load, {"examples", "order", "seed"});
    v("latency", self.latency, "measure seed 0 of each method and ratio in pairs with the unpruned model, after the grid");
    nested_fields(v, self.eval, {"latency_rounds"});
    // Where and with how many threads a sweep runs changes no record, so only the type is stored.
    v("dtype", self.execution.dtype, "computation type: float32, bfloat16 or float64");
    v("masks_at_once", self.masks_at_once, "masks between two writes of records: what a stop can lose; 0: by the model's size");
  }
};

// One model with its task and data.
struct SweepRun {
  std::string name;  // names its records and files; letters, digits, '-', '_', '.'
  std::filesystem::path model;
  std::string task;
  std::filesystem::path calib;
  std::filesystem::path data;
};

// A sweep as a config file describes it: JSON with the names of the options, and "runs": [{"model", "task", "calib", "data"}].
struct SweepConfig {
  SweepOptions options;
  std::vector<SweepRun> runs;
};

// Sets the options and runs that the JSON has. Grids may be lists or texts ("0:1:0.1"). Throws bad_input, with `where`, for an
// unknown name (and the nearest) and values of another type.
void read_config(const Json& json, std::string_view where, SweepConfig& config);

// Returns the run of "MODEL:T:TRAIN:DEV"; MODEL may contain colons. Throws bad_input.
SweepRun parse_run(const std::string& text);

// Leaves the default of `ratios` out where another budget is given: only one that is asked for stands beside it.
void drop_default_ratios(SweepOptions& options);

// Names the runs that have none by their model's folder, and by task or number where that would not be unique.
void name_runs(std::vector<SweepRun>& runs);

// Returns the options with 0 and 1 among alphas and with sorted grids.
SweepOptions resolved(SweepOptions options);

// Throws bad_input for an empty grid, duplicates, unknown names (with the nearest) and values out of range; no run, two runs of
// one name, an unknown task.
void check_config(const SweepConfig& config);

}  // namespace hies::sweep
