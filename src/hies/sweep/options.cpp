#include "hies/sweep/options.h"

#include <algorithm>
#include <cmath>

#include "hies/base/error.h"
#include "hies/base/suggest.h"
#include "hies/data/task.h"
#include "hies/engine/model.h"
#include "hies/score/options.h"
#include "hies/sweep/grid.h"

namespace hies::sweep {
namespace {

void check_least(std::string_view name, std::int64_t value, std::int64_t least) {
  if (value < least) bad_input("`{}` is {}, but at least {} is needed", name, value, least);
}

template <class T>
void check_list(std::string_view name, const std::vector<T>& values) {
  if (values.empty()) bad_input("the grid is empty: no {}", name);
  std::vector<T> sorted = values;
  std::sort(sorted.begin(), sorted.end());
  if (const auto twice = std::adjacent_find(sorted.begin(), sorted.end()); twice != sorted.end())
    throw Error(ErrorKind::bad_input, fmt::format("`{}`: {} is there twice", name, *twice), "name each once");
}

void check_shares(std::string_view name, const std::vector<double>& values) {
  check_list(name, values);
  for (const double value : values)
    if (!(value >= 0 && value <= 1))
      throw Error(ErrorKind::bad_input, fmt::format("`{}`: {} is not within 0 … 1", name, value), "30 % is 0.3");
}

void check_switch(std::string_view name, const std::string& value, std::string_view list) {
  if (value != "grid" && value != "auto")
    throw Error(ErrorKind::bad_input, fmt::format("`{}` is '{}', but it is grid or auto", name, printable(value)),
                fmt::format("the values to try are given with `{}`", list));
}

void check_options(const SweepOptions& given) {
  SweepOptions options = given;
  options.methods = with_groups(options.methods);
  check_list("methods", options.methods);
  for (const std::string& name : options.methods) parse_method(name);
  check_shares("alphas", options.alphas);
  check_switch("alpha", options.alpha, "alphas");
  if (grid_budgets(options).empty())
    throw Error(ErrorKind::bad_input, "the grid is empty: no ratios", "give `ratios` or `matrix_flops_ratios`");
  for (const GridBudget& budget : grid_budgets(options)) check_shares(budget.options, budget.shares);
  check_list("refit", options.refit);
  for (const std::string& name : options.refit) refit::parse_refit_sites(name);
  refit::check_options(options.refit_options);
  check_least("seeds", options.seeds, 1);
  check_list("losses", options.losses);
  for (const std::string& name : options.losses) check_loss(name);
  check_switch("loss", options.loss, "losses");
  if (options.loss == "auto" && options.losses.size() < 2)
    throw Error(ErrorKind::bad_input, "`loss` is auto, but `losses` names only one to choose from",
                "name more, like task,logit-norm");
  check_least("examples", options.examples, 1);
  if (!options.calibration_sizes.empty()) check_list("calibration_sizes", options.calibration_sizes);
  for (const std::int64_t size : options.calibration_sizes) check_least("calibration_sizes", size, 1);
  if (options.eval_examples) check_least("eval_examples", *options.eval_examples, 1);
  check_least("random_masks", options.random_masks, 1);
  check_least("heldout", options.heldout, 1);
  score::check_options(options.method);
  score::parse_granularity(options.score.granularity);
  check_least("min_heads_per_layer", options.budget.min_heads_per_layer, 0);
  check_least("min_neurons_per_layer", options.budget.min_neurons_per_layer, 0);
  left_out(options);
  eval::check_options(options.eval);
  const double seconds = options.eval.latency.latency_seconds;
  if (!(seconds > 0) || std::isinf(seconds)) bad_input("`latency_seconds` is {}, but it must be above 0", seconds);
  engine::parse_compute_type(options.execution.dtype);
  check_least("masks_at_once", options.masks_at_once, 0);
}

// Refuses an option of some tasks when no run has such a task.
void check_asked(bool given, std::string_view names, std::string_view what, bool (*reads)(const data::Task&),
                 const std::vector<SweepRun>& runs) {
  if (given && std::none_of(runs.begin(), runs.end(), [&](const SweepRun& run) { return reads(data::task(run.task)); }))
    bad_input("{}, but no run has such a task: {}", names, what);
}

void check_name(const std::string& name) {
  const bool plain = !name.empty() && name.front() != '.' && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
  });
  if (!plain)
    bad_input("run name '{}' names files: only letters, digits, '-', '_' and '.', and no '.' in front", printable(name));
}

}  // namespace

SweepOptions resolved(SweepOptions options) {
  options.methods = with_groups(options.methods);
  for (const double end : {0.0, 1.0})
    if (std::find(options.alphas.begin(), options.alphas.end(), end) == options.alphas.end()) options.alphas.push_back(end);
  std::sort(options.alphas.begin(), options.alphas.end());
  for (std::vector<double>* shares :
       {&options.ratios, &options.matrix_flops_ratios, &options.flops_ratios, &options.params_ratios})
    std::sort(shares->begin(), shares->end());
  std::sort(options.calibration_sizes.begin(), options.calibration_sizes.end());
  return options;
}

void check_config(const SweepConfig& config) {
  check_options(config.options);
  if (config.runs.empty())
    throw Error(ErrorKind::bad_input, "the sweep has no run",
                "a run is a model with its task, calibration data and evaluation data");
  std::vector<std::string> names;
  for (const SweepRun& run : config.runs) {
    check_name(run.name);
    data::check_judged(data::task(run.task));
    names.push_back(run.name);
  }
  check_list("runs", names);
  const SweepOptions& options = config.options;
  check_asked(options.load.context || options.load.stride, "`context` and `stride` are for tasks that judge texts in windows",
              "perplexity, causal-lm", data::reads_windows, config.runs);
  check_asked(
      options.load.join_rows, "`join_rows` is for tasks that read documents", "perplexity",
      [](const data::Task& task) { return task.input_kind == data::InputKind::documents; }, config.runs);
  check_asked(options.load.shots.has_value(), "`shots` is for questions of several subjects", "mmlu", data::reads_subjects,
              config.runs);
  check_asked(options.load.image_size || options.load.skip_bad || options.load.most_pixels,
              "`image_size`, `skip_bad` and `most_pixels` are for images", "image-classification", data::reads_images,
              config.runs);
  check_asked(options.load.skip_unlabelled, "`skip_unlabelled` is for tasks that read a label for each row", "classification",
              data::reads_labels, config.runs);
}

}  // namespace hies::sweep
