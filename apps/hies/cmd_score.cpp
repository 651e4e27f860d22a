#include <fmt/format.h>

#include "arguments.h"
#include "commands.h"
#include "common_options.h"
#include "console_progress.h"
#include "head_map.h"
#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/pipeline/score_run.h"
#include "hies/score/methods/method.h"
#include "hies/score/objectives/objectives.h"
#include "hies/score/scores.h"
#include "load_options.h"
#include "named_paths.h"
#include "terminal.h"

namespace hies::cli {
namespace {

// What the head map shows: HIES where the scores have its tables, else the first table.
struct Shown {
  std::string quantity;
  model::UnitTable<double> values;
};
Shown shown_values(const score::Scores& scores) {
  const score::MethodOptions options;
  if (scores.has("his") && scores.has("ae"))
    return {fmt::format("HIES (alpha {:g}), lowest removed first", options.alpha), score::keep_scores(scores, options)};
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
  std::string folder, calibration, svg;
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
  arguments.heading("Running and showing");
  arguments.add(request.execution);
  arguments.add(show);
  if (!arguments.parse()) return;
  arguments.require("task");
  arguments.require("calib");
  engine::resolve(request.execution);
  refuse_overlap({{"--output", write.output}, {"--svg", svg}}, {{"MODEL", folder}, {"--calib", calibration}});
  if (!write.output.empty()) check_writable(write.output, write.force);
  if (!svg.empty()) check_writable(svg, write.force);

  request.model = folder;
  request.calibration = calibration;
  ConsoleProgress progress(show.quiet);
  const score::Scores scores = pipeline::run_score(request, progress).scores;
  const Shown shown = shown_values(scores);
  const HeadMap map{fmt::format("Attention heads of {}", printable(folder)), shown.quantity, scores.layout, shown.values, {}};
  Progress::throw_if_cancelled();
  if (!write.output.empty()) score::write_scores(write.output, scores, write.force);
  if (!svg.empty()) write_file(svg, head_map_svg(map), write.force);
  if (show.json) return print_json(score::to_json(scores));
  if (show.quiet && !write.output.empty()) return;
  print_coloured(head_map_text(map, output_width(), colour_out()));
  std::string text = fmt::format("{} examples, {} tokens", scores.calibration.examples, scores.calibration.tokens);
  if (scores.calibration.mean_loss) text += fmt::format(", mean loss {:.4f}", *scores.calibration.mean_loss);
  if (!write.output.empty()) text += fmt::format("; scores in {}", printable(write.output, 500));
  print_out(text + "\n");
}

}  // namespace hies::cli
