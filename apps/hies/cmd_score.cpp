#include <optional>

#include <fmt/format.h>

#include "arguments.h"
#include "commands.h"
#include "common_options.h"
#include "console_progress.h"
#include "head_map.h"
#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/pipeline/preset.h"
#include "hies/pipeline/score_run.h"
#include "hies/score/methods/method.h"
#include "hies/score/neuron_tables.h"
#include "hies/score/objectives/objectives.h"
#include "hies/score/scores.h"
#include "load_options.h"
#include "named_paths.h"
#include "terminal.h"

namespace hies::cli {
namespace {

// What the head map shows: HIES where the scores have its tables, else the first table that has heads; nothing where none has.
struct Shown {
  std::string quantity;
  model::UnitTable<double> values;
};
std::optional<Shown> shown_values(const score::Scores& scores) {
  const score::MethodOptions options;
  score::Scores heads = scores;
  score::take_neurons(heads);
  if (heads.tables.empty()) return {};
  if (heads.has("his") && heads.has("ae"))
    return {{fmt::format("HIES (alpha {:g}), lowest removed first", options.alpha), score::keep_scores(heads, options)}};
  const auto& [name, table] = *heads.tables.begin();
  return {{name, table}};
}

std::string summary(const score::Scores& scores, const std::string& file) {
  std::string text = fmt::format("{} examples, {} tokens", scores.calibration.examples, scores.calibration.tokens);
  if (scores.calibration.mean_loss) text += fmt::format(", mean loss {:.4f}", *scores.calibration.mean_loss);
  if (!file.empty()) text += fmt::format("; scores in {}", printable(file, 500));
  return text + "\n";
}

}  // namespace

void run_score(Words words) {
  Arguments arguments({"hies score",
                       "score attention heads, and neurons, on a few calibration examples",
                       {"hies score MODEL --task T --calib FILE -o scores.json"},
                       {"hies score examples/demo-sst2 --task sst2 --calib examples/reviews-calibration.tsv -o scores.json"},
                       std::string(score::kNoDivergenceNote)},
                      words);
  std::string folder, calibration, svg, preset = "paper";
  pipeline::ScoreRequest request;
  WriteOptions write;
  ShowOptions show;
  arguments.positional("MODEL", folder, kModelHelp);
  arguments("task", request.task, kTaskHelp);
  arguments.text("calib", "FILE", calibration,
                 "calibration examples: tsv, csv, jsonl, json, parquet or txt, or a folder of shards");
  arguments.add(write);
  arguments.describe("output", {.placeholder = "FILE", .help = "scores.json to write", .short_name = "o"});
  arguments.text("svg", "FILE", svg, "draw the head map into this file");
  arguments.heading("Calibration");
  add_load_options(arguments, request.load);
  arguments.heading("Scores");
  arguments.add(request.score);
  arguments("preset", preset,
            "best: what preset best of `hies plan` and `hies prune` needs (512 rows, no labels); paper: the defaults");
  arguments.heading("Running and showing");
  arguments.add(request.execution);
  arguments.add(show);
  if (!arguments.parse()) return;
  pipeline::apply_preset(preset, {.task = request.task, .score = &request.score, .load = &request.load},
                         [&](std::string_view name) { return arguments.given_if_declared(name); });
  if (!svg.empty() && request.score.sites == "ffn")
    throw Error(ErrorKind::bad_input, "--svg draws heads, but only neurons are scored", "give --sites attention,ffn");
  arguments.require("task");
  arguments.require("calib");
  engine::resolve(request.execution);
  refuse_overlap({{"--output", write.output}, {"--svg", svg}}, {{"MODEL", folder}, {"--calib", calibration}});
  if (!write.output.empty()) {
    check_writable(write.output, write.force);
    check_writable(score::neurons_path(write.output), write.force);
  }
  if (!svg.empty()) check_writable(svg, write.force);

  request.model = folder;
  request.calibration = calibration;
  ConsoleProgress progress(show.quiet);
  const score::Scores scores = pipeline::run_score(request, progress).scores;
  const std::optional<Shown> shown = shown_values(scores);
  std::optional<HeadMap> map;
  if (shown)
    map.emplace(
        HeadMap{fmt::format("Attention heads of {}", printable(folder)), shown->quantity, scores.layout, shown->values, {}});
  Progress::throw_if_cancelled();
  if (!write.output.empty()) score::write_scores(write.output, scores, write.force);
  if (!svg.empty() && map) write_file(svg, head_map_svg(*map), write.force);
  if (show.json) return print_json(score::to_json(scores));
  if (show.quiet && !write.output.empty()) return;
  if (map) print_coloured(head_map_text(*map, output_width(), colour_out()));
  print_out(summary(scores, write.output));
}

}  // namespace hies::cli
