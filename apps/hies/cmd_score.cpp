#include <fmt/format.h>

#include <algorithm>

#include "arguments.h"
#include "commands.h"
#include "common_options.h"
#include "console_progress.h"
#include "head_map.h"
#include "hies/base/fields.h"
#include "hies/base/files.h"
#include "hies/score/methods/method.h"
#include "hies/score/objectives/objectives.h"
#include "hies/score/scorer.h"
#include "human.h"
#include "loading.h"
#include "terminal.h"

namespace hies::cli {
namespace {

bool asks_for(const score::ScoreOptions& options, std::string_view table) {
  return std::find(options.tables.begin(), options.tables.end(), table) != options.tables.end();
}

// Labels are wanted only where the loss is.
bool needs_labels(const score::ScoreOptions& options, const model::ModelSpec& spec) {
  const score::ObjectiveKind& loss =
      options.loss.empty() ? score::default_objective(spec) : score::find_objective(options.loss);
  return loss.needs_labels && (asks_for(options, "his") || asks_for(options, "second-order"));
}

void add_options(score::Scores& scores, const std::string& task, const ComputeOptions& compute, const data::LoadOptions& load,
                 const data::Dataset& dataset) {
  scores.options["task"] = task;
  scores.options["dtype"] = compute.dtype;
  const Json loaded = options_json(load);
  for (const auto& [name, value] : loaded.items()) scores.options[name] = value;
  scores.options["max_length"] = dataset.max_length;
}

// The map shows HIES where its tables are there, else the first table.
struct Shown {
  std::string quantity;
  model::HeadTable<double> values;
};
Shown shown_values(const score::Scores& scores) {
  const score::MethodOptions options;
  if (scores.has("his") && scores.has("ae"))
    return {fmt::format("HIES (alpha {:g}), low goes first", options.alpha), score::keep_scores(scores, options)};
  const auto& [name, table] = *scores.tables.begin();
  return {name, table};
}

}  // namespace

void run_score(Words words) {
  Arguments arguments({"hies score",
                       "score every attention head on a few calibration examples",
                       {"hies score MODEL --task T --calib FILE -o scores.json"},
                       {"hies score examples/demo-sst2 --task sst2 --calib examples/reviews-calibration.tsv -o scores.json"},
                       std::string(score::kNoDivergenceNote)},
                      words);
  std::string folder, task_name, calibration, svg;
  WriteOptions write;
  ShowOptions show;
  ComputeOptions compute;
  score::ScoreOptions options;
  data::LoadOptions load;
  load.examples = 32;
  arguments.positional("MODEL", folder, "a Hugging Face checkpoint directory");
  arguments("task", task_name, "what the model is asked to do (`hies tasks`)");
  arguments("calib", calibration, "data file with calibration examples: tsv, csv, jsonl, json, parquet or txt");
  arguments.describe("calib", {.placeholder = "FILE"});
  arguments.add(write);
  arguments.describe("output", {.placeholder = "FILE", .help = "scores.json to write", .short_name = "o"});
  arguments("svg", svg, "draw the head map into this file");
  arguments.describe("svg", {.placeholder = "FILE"});
  arguments.heading("Calibration");
  arguments.add(load);
  arguments.heading("Scores");
  arguments.add(options);
  arguments.heading("Running and showing");
  arguments.add(compute);
  arguments.add(show);
  if (!arguments.parse()) return;
  arguments.require("task");
  arguments.require("calib");

  const data::Task& task = data::task(task_name);
  score::check_options(options);
  const model::ComputeType type = prepare(compute);
  if (!write.output.empty()) check_writable(write.output, write.force);
  if (!svg.empty()) check_writable(svg, write.force);

  ConsoleProgress progress(show.quiet);
  const LoadedModel loaded = LoadedModel::load(folder, type);
  load.require_labels = needs_labels(options, loaded.checkpoint->spec());
  const data::Dataset dataset = loaded.dataset(calibration, task, load, progress);
  score::Scores scores = score::score_heads(loaded.model, dataset, options, progress);
  add_options(scores, task.name, compute, load, dataset);

  const Shown shown = shown_values(scores);
  const HeadMap map{fmt::format("Attention heads of {}", printable(folder)), shown.quantity, scores.layout, shown.values, {}};
  Progress::throw_if_cancelled();
  if (!write.output.empty()) score::write_scores(write.output, scores, write.force);
  if (!svg.empty()) write_file(svg, head_map_svg(map), write.force);
  if (show.json) return print_out(pretty(score::to_json(scores)) + "\n");
  if (show.quiet) return;
  std::string text = head_map_text(map, output_width(), colour_out());
  text += fmt::format("{} examples, {} tokens", scores.calibration.examples, scores.calibration.tokens);
  if (scores.calibration.mean_loss) text += fmt::format(", mean loss {:.4f}", *scores.calibration.mean_loss);
  if (!write.output.empty()) text += fmt::format("; scores in {}", write.output);
  print_out(text + "\n");
}

}  // namespace hies::cli
