#include <fmt/format.h>

#include "arguments.h"
#include "commands.h"
#include "common_options.h"
#include "console_progress.h"
#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/evidence/tables.h"
#include "hies/report/text.h"
#include "hies/score/objectives/objectives.h"
#include "hies/sweep/estimate.h"
#include "hies/sweep/sweep.h"
#include "human.h"
#include "load_options.h"
#include "terminal.h"
#include "text_layout.h"

namespace hies::cli {
namespace {

// Returns the config file's name, or nothing. Flags override the file, so it is read before they are declared: its values are
// their defaults.
std::string config_of(Words words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--config" && i + 1 < words.size()) return words[i + 1];
    if (words[i].starts_with("--config=")) return words[i].substr(std::string_view("--config=").size());
  }
  return {};
}

// The runs of the command line: MODEL, --run or both replace those of the config file.
struct RunFlags {
  std::string model, task, calib, data;
  std::vector<std::string> runs;

  void apply(const Arguments& arguments, std::vector<sweep::SweepRun>& all) const {
    if (model.empty() && runs.empty()) {
      for (const std::string_view flag : {"task", "calib", "data"})
        if (arguments.given(flag)) bad_input("--{} is given, but not the MODEL that it is for", flag);
      return;
    }
    all.clear();
    if (!model.empty()) {
      for (const std::string_view flag : {"task", "calib", "data"}) arguments.require(flag);
      all.push_back({"", model, task, calib, data});
    }
    for (const std::string& run : runs) all.push_back(sweep::parse_run(run));
  }
};

std::string estimate_text(const std::vector<sweep::RunEstimate>& runs) {
  TextTable table({"run", "cells", "masks", "of these known", "refits", "layer evaluations", "avoided", "held-out masks",
                   "forward passes", "time"});
  double seconds = 0;
  for (const sweep::RunEstimate& run : runs) {
    table.row({run.run, fmt::to_string(run.cells), fmt::format("~{}", run.masks), fmt::to_string(run.known_masks),
               fmt::format("~{}", run.refits), fmt::format("~{}", run.layers_done), fmt::format("~{}", run.layers_avoided),
               fmt::format("~{}", run.heldout_masks),
               fmt::format("~{}", run.scoring_passes + run.evaluation_passes + run.heldout_passes),
               "~" + human_seconds(run.seconds)});
    seconds += run.seconds;
  }
  std::string text = table.text();
  text += "\nMasks known without scoring are exact; the others are as many as scores drawn at random would give (~).\n";
  text += fmt::format("About {} in all, by one batch that was run. Nothing was written.\n", human_seconds(seconds));
  return text;
}

std::string outcome_text(const sweep::SweepOutcome& outcome, const std::string& output) {
  const Json& layers = outcome.summary["layer_evaluations"];
  const auto done = layers["done"].get<double>(), avoided = layers["avoided"].get<double>();
  std::string text = fmt::format("{} cells in {}", outcome.records.size(), printable(output, 500));
  if (outcome.known > 0) text += fmt::format(" ({} were there before)", outcome.known);
  text += fmt::format(": {} distinct masks, {} refits, {} layer evaluations, {} avoided ({})\n",
                      outcome.summary["distinct_masks"].get<std::int64_t>(), outcome.summary["refits"].get<std::int64_t>(),
                      human_count(done), human_count(avoided), percent(avoided / (done + avoided)));
  text += fmt::format("tables in {}\n", printable((std::filesystem::path(output) / evidence::kTablesFolder).string(), 500));
  for (const Json& run : outcome.summary["runs"]) {
    for (const Json& choice : run["choices"]) {
      const Json &loss = choice["chosen"]["loss"], &alpha = choice["chosen"]["alpha"];
      text += fmt::format("{}: {}", run["name"].get<std::string>(), choice["method"].get<std::string>());
      if (!loss.is_null()) text += fmt::format(", loss {}{}", loss.get<std::string>(), choice["chose_loss"] ? " (chosen)" : "");
      if (!alpha.is_null()) text += fmt::format(", alpha {} (chosen)", alpha.get<double>());
      text += "\n";
    }
  }
  return text;
}

// Adds the options of the grid. Defaults are not shown where a config file may have set others.
void add_grid(Arguments& arguments, sweep::SweepOptions& options, bool has_config) {
  arguments.heading("Grid");
  arguments.add(options, {"dtype"});
  if (!has_config) {
    arguments.describe("alphas", {.default_value = "0:1:0.1"});
    arguments.describe("ratios", {.default_value = "0.1:0.6:0.1"});
  }
  arguments.describe("latency-seconds", {.help = "time spent on each latency"});
  for (const std::string_view choice : {"alpha", "loss"}) arguments.describe(choice, {.placeholder = "grid|auto"});
  describe_load_options(arguments);
}

// Returns whether the file names `ratios`; an empty name is no file.
bool read_config_file(const std::string& file, sweep::SweepConfig& config) {
  if (file.empty()) return false;
  const Json json = read_json(file);
  sweep::read_config(json, file, config);
  return json.contains("ratios");
}

}  // namespace

void run_sweep(Words words) {
  Arguments arguments(
      {"hies sweep",
       "a grid of methods, alphas, ratios and seeds, all shared work done once",
       {"hies sweep MODEL --task T --calib TRAIN --data DEV -o DIR", "hies sweep --run MODEL:T:TRAIN:DEV [--run …] -o DIR",
        "hies sweep --config FILE -o DIR"},
       {"hies sweep examples/demo-sst2 --task sst2 --calib examples/reviews-calibration.tsv \\",
        "    --data examples/reviews-evaluation.tsv --seeds 2 --ratios 0.1:0.5:0.2 -o sweep"},
       "A sweep may be stopped at any moment; the same command resumes it. " + std::string(score::kNoDivergenceNote)},
      words);
  const std::string config = config_of(words);
  sweep::SweepRequest request;
  request.version = HIES_VERSION;
  const bool says_ratios = read_config_file(config, request.config);

  RunFlags flags;
  std::string output, config_again;
  bool dry_run = false;
  ShowOptions show;
  arguments.positional("MODEL", flags.model, kModelHelp, true);
  arguments("task", flags.task, kTaskHelp);
  arguments.text("calib", "TRAIN", flags.calib,
                 "calibration examples: tsv, csv, jsonl, json, parquet or txt, or a folder of shards");
  arguments.text("data", "DEV", flags.data, "data file that the pruned models are judged on");
  arguments.repeated("run", "MODEL:T:TRAIN:DEV", flags.runs, "a further model with its task and data; may be given again");
  arguments("output", output, "the sweep's directory; an unfinished sweep in it is resumed");
  arguments.describe("output", {.placeholder = "DIR", .short_name = "o"});
  arguments.text("config", "FILE", config_again,
                 "JSON file with the names of these options, and \"runs\": [{\"model\", \"task\", \"calib\", \"data\"}]");
  arguments("dry_run", dry_run, "estimate the work of the sweep, and do nothing");
  add_grid(arguments, request.config.options, !config.empty());
  arguments.heading("Running and showing");
  arguments.add(request.config.options.execution);
  arguments.add(show);
  if (!arguments.parse()) return;
  if (!arguments.given("ratios") && !says_ratios) sweep::drop_default_ratios(request.config.options);
  engine::resolve(request.config.options.execution);
  flags.apply(arguments, request.config.runs);
  if (request.config.runs.empty())
    throw Error(ErrorKind::bad_input, "no model is given",
                "give MODEL --task T --calib FILE --data FILE, or --run MODEL:T:TRAIN:DEV");
  sweep::name_runs(request.config.runs);
  ConsoleProgress progress(show.quiet);

  if (dry_run) {
    const auto runs = sweep::estimate_sweep(request.config, progress);
    if (show.json) return print_json(sweep::estimate_json(runs));
    return print_out(estimate_text(runs));
  }
  arguments.require("output");
  request.output = output;
  const sweep::SweepOutcome outcome = sweep::run_sweep(request, progress);
  if (show.json) return print_json(outcome.summary);
  if (!show.quiet) {
    const std::vector<report::Sweep> sweeps = {report::read_sweep(output)};
    print_out(report::text_report(sweeps) + outcome_text(outcome, output));
  }
}

}  // namespace hies::cli
