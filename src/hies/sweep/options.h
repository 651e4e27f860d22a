#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "hies/base/json.h"
#include "hies/data/packing.h"
#include "hies/score/methods/method.h"

namespace hies::sweep {

// The grid of a sweep. The defaults are the paper's protocol (reference/PAPER.md, §4).
struct SweepOptions {
  std::vector<std::string> methods = {"random", "ad", "his", "hies", "l2", "l2-out"};
  std::vector<double> alphas = {0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1};
  std::string alpha = "grid";
  std::vector<double> ratios = {0.1, 0.2, 0.3, 0.4, 0.5, 0.6};
  std::int64_t seeds = 5;
  std::vector<std::string> losses = {"task"};
  std::string loss = "grid";
  std::int64_t examples = 32;
  std::vector<std::int64_t> calibration_sizes;
  std::int64_t random_masks = 30;
  std::int64_t heldout = 256;
  std::uint64_t heldout_seed = 0;
  std::string normalise = "global";
  std::string units = {};
  std::string group_score = "sum";
  std::string granularity = "example";
  std::int64_t min_heads_per_layer = 0;
  std::string text, text_pair, label;
  std::optional<std::int64_t> eval_examples, max_length, context, stride, shots;
  std::optional<std::int64_t> image_size, most_pixels;
  bool skip_bad = false;
  double stability_tolerance = 0.05;
  bool latency = false;
  double latency_seconds = 2;
  std::string dtype = "float32";
  std::int64_t batch_tokens = data::kBatchTokens;
  std::int64_t masks_at_once = 0;

  template <class V, class Self>
  static void fields(V& v, Self& self) {
    v("methods", self.methods,
      "ways to rank heads (`hies methods`), hies-logit (hies with the loss logit-norm); NAME/uniform: the "
      "same share of every layer");
    v("alphas", self.alphas, "grid of alpha for hies, hies-logit and l2-out+ae; 0 and 1 are always in it");
    v("alpha", self.alpha, "auto: one alpha per task is also chosen on a held-out part of the calibration file");
    v("ratios", self.ratios, "shares of the heads to remove, 0 … 1");
    v("seeds", self.seeds, "how many calibration sets are drawn: seeds 0 … N−1");
    v("losses", self.losses, "losses whose gradient ranks heads: task (the task's own), ce, mse, pseudo-label, logit-norm");
    v("loss", self.loss, "auto: one of --losses per task is also chosen on the held-out part");
    v("examples", self.examples, "calibration examples of each seed");
    v("eval_examples", self.eval_examples, "examples of DEV, those that `hies eval --examples N` takes (default: all)");
    v("calibration_sizes", self.calibration_sizes, "numbers of examples for the study of the calibration set's size");
    v("random_masks", self.random_masks, "masks drawn for each ratio of random");
    v("heldout", self.heldout, "rows of the calibration file to choose alpha or loss on; none of them scores heads or is in DEV");
    v("heldout_seed", self.heldout_seed, "seed that draws the held-out rows");
    v("normalise", self.normalise, "min-max of scores: global (over all heads) or per-layer");
    v("units", self.units, "what goes as a whole: head, kv-group or even (default: kv-group where heads share keys, else head)");
    v("group_score", self.group_score, "of a unit of several heads: the sum or the max of their scores");
    v("granularity", self.granularity, "where HIS takes the absolute value: per example, token or batch");
    v("min_heads_per_layer", self.min_heads_per_layer, "heads that every layer keeps");
    v("text", self.text, "column of the (first) text, or of the image");
    v("text_pair", self.text_pair, "column of the second text");
    v("label", self.label, "column of the label");
    v("max_length", self.max_length, "most tokens of a sequence; longer ones are cut");
    v("context", self.context, "tokens of a window (runs whose task judges texts)");
    v("stride", self.stride, "tokens that a window judges after those it reads (runs whose task judges texts)");
    v("shots", self.shots, "solved questions before each question (runs of mmlu)");
    v("image_size", self.image_size, "pixels of a side of the images that the model is given; positions are interpolated");
    v("skip_bad", self.skip_bad, "leave out images that cannot be read, and say how many");
    v("most_pixels", self.most_pixels, "pixels of the largest image that is decoded");
    v("stability_tolerance", self.stability_tolerance,
      "how far apart two predicted numbers may be and still agree: share of the label range, 0 … 1");
    v("latency", self.latency, "measure seed 0 of each method and ratio in pairs with the unpruned model, after the grid");
    v("latency_seconds", self.latency_seconds, "time spent on each latency");
    v("dtype", self.dtype, "computation type: float32, bfloat16 or float64");
    v("batch_tokens", self.batch_tokens, "most tokens computed at once; bounds memory, does not change results");
    v("masks_at_once", self.masks_at_once, "masks between two writes of records: what a stop can lose; 0: by the model's size");
  }
};

// How heads are ranked, as far as all cells have it in common: the rest as it is by default.
score::MethodOptions method_options(const SweepOptions& options);

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

// The members that are there. Grids may be lists or texts ("0:1:0.1"). Throws bad_input, with `where`, for an unknown name (and the
// nearest) and values of another type.
void read_config(const Json& json, std::string_view where, SweepConfig& config);

// "MODEL:T:TRAIN:DEV"; MODEL may hold colons. Throws bad_input.
SweepRun parse_run(const std::string& text);

// Names the runs that have none by their model's folder, and by task or number where that would not tell them apart.
void name_runs(std::vector<SweepRun>& runs);

// Puts 0 and 1 into alphas, and grids in ascending order.
SweepOptions resolved(SweepOptions options);

// Throws bad_input for an empty grid, duplicates, unknown names (with the nearest) and values out of range; no run, two runs of one
// name, a task that there is not.
void check_config(const SweepConfig& config);

}  // namespace hies::sweep
