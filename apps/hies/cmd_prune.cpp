#include <fmt/format.h>
#include <fmt/ranges.h>

#include "arguments.h"
#include "commands.h"
#include "common_options.h"
#include "comparison.h"
#include "console_progress.h"
#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/pipeline/prune_run.h"
#include "hies/report/prune_command.h"
#include "hies/score/methods/unit_scores.h"
#include "load_options.h"
#include "named_paths.h"
#include "plan_map.h"
#include "terminal.h"

namespace hies::cli {
namespace {

std::string as_typed(Words words) {
  std::string command = "hies prune";
  for (const std::string& word : words) {
    command += ' ';
    command += report::shell_word(word);
  }
  return command;
}

// A plan says which heads are removed: no option that would choose others may stand beside it.
void refuse_beside_plan(const Arguments& arguments, const pipeline::PruneRequest& request) {
  arguments.exclude("plan", "calib");
  arguments.exclude_fields("plan", request.budget, {"target"});
  arguments.exclude_fields("plan", request.method, {"seed"});
  arguments.exclude_fields("plan", request.score, {"tables", "batch_tokens"});
  if (arguments.given("svg"))
    throw Error(ErrorKind::bad_input, "--svg draws scores, but --plan has none", "draw the map with `hies plan --svg`");
}

Json to_json(const pipeline::PruneRequest& request, const pipeline::PruneRun& run) {
  Json json = {{"schema", "hies.prune/1"}, {"output", request.output.string()}, {"plan", prune::to_json(run.plan)}};
  json["fits"] = run.fits;
  json["match"] = nullptr;
  if (run.match)
    json["match"] = {{"examples", run.match->examples},
                     {"largest_difference", run.match->largest_difference},
                     {"largest_logit", run.match->largest_logit},
                     {"different_answers", run.match->different_answers}};
  json["evaluation"] = run.evaluation ? eval::to_json(run.evaluation->result) : Json();
  return json;
}

std::string match_line(const pipeline::LogitMatch& match) {
  const std::string logits =
      match.largest_difference == 0
          ? std::string("logits are equal")
          : fmt::format("logits differ by at most {:.1e} (the largest is {:.3g})", match.largest_difference, match.largest_logit);
  return fmt::format("Loaded again and compared with the masked model on {} examples: {} answers differ, {}.\n", match.examples,
                     match.different_answers == 0 ? "no" : fmt::to_string(match.different_answers), logits);
}

std::string describe(const pipeline::PruneRequest& request, const pipeline::PruneRun& run) {
  std::string text = plan_summary(run.plan, run.before, run.fits);
  if (run.evaluation) {
    const eval::Result& result = run.evaluation->result;
    text += fmt::format("\n{}: {} examples, {} tokens\n\n", printable(result.data_file), result.examples, result.tokens);
    text += comparison_table(result, "before", "after");
  }
  if (run.match) text += "\n" + match_line(*run.match);
  return text + fmt::format("\npruned checkpoint in {}\n", printable(request.output.string(), 500));
}

// Adds the options that say how many heads are removed, which, and on what data that is decided and judged.
void add_selection(Arguments& arguments, pipeline::PruneRequest& request) {
  arguments.heading("How many heads to remove (exactly one of the first four)");
  arguments.add(request.budget);
  arguments.describe("protect", {.placeholder = "LIST"});
  arguments.heading("Which heads to remove");
  arguments.add(request.method);
  arguments.describe("seed", {.help = "seed of the random order of examples, and of method random"});
  arguments.add(request.score, {"tables", "batch_tokens"});
  arguments.heading("Calibration and evaluation");
  add_load_options(arguments, request.load);
  arguments.describe("examples", {.help = "how many rows to calibrate with; evaluation uses all"});
  arguments("batch-tokens", request.score.batch_tokens, "tokens computed at once; bounds memory, does not change results");
  arguments.add(request.eval);
}

}  // namespace

void run_prune(Words words) {
  Arguments arguments(
      {"hies prune",
       "remove attention heads from a checkpoint",
       {"hies prune MODEL --plan plan.json -o DIR", "hies prune MODEL --task T --calib FILE --ratio 0.3 -o DIR [--eval FILE]"},
       {"hies prune examples/demo-sst2 --task sst2 --calib examples/reviews-calibration.tsv \\", "    --ratio 0.3 -o smaller"}},
      words);
  std::string folder, plan, calibration, evaluation, svg;
  pipeline::PruneRequest request;
  WriteOptions write;
  ShowOptions show;
  arguments.positional("MODEL", folder, kModelHelp);
  arguments.text("plan", "FILE", plan, "plan.json: the heads to remove");
  arguments("task", request.task, kTaskHelp);
  arguments.text("calib", "FILE", calibration, "data file with calibration examples, to choose the heads");
  arguments.text("eval", "FILE", evaluation, "data file to compare the model before and after on");
  arguments.add(write);
  arguments.describe("output", {.placeholder = "DIR", .help = "directory of the smaller checkpoint", .short_name = "o"});
  arguments.describe("force", {.help = "replace a checkpoint directory that is there"});
  arguments.add(request.surgery);
  arguments.describe("max-shard-size", {.placeholder = "SIZE"});
  arguments.text("svg", "FILE", svg,
                 "draw the head map, pruned heads crossed, into this file; not with a plan, which has no scores");
  add_selection(arguments, request);
  arguments.heading("Running and showing");
  arguments.add(request.execution);
  arguments.add(show);
  if (!arguments.parse()) return;
  arguments.require("output");
  if (arguments.given("plan")) refuse_beside_plan(arguments, request);
  if (arguments.given("calib") || arguments.given("eval")) arguments.require("task");
  engine::resolve(request.execution);
  refuse_overlap({{"--output", write.output}, {"--svg", svg}},
                 {{"MODEL", folder}, {"--plan", plan}, {"--calib", calibration}, {"--eval", evaluation}});
  check_writable(write.output, write.force);
  if (!svg.empty()) check_writable(svg, write.force);

  request.model = folder;
  request.output = write.output;
  request.force = write.force;
  request.command = as_typed(words);
  if (!plan.empty()) request.plan = plan;
  if (!calibration.empty()) request.calibration = calibration;
  if (!evaluation.empty()) request.evaluation = evaluation;
  ConsoleProgress progress(show.quiet);
  const pipeline::PruneRun run = pipeline::run_prune(request, progress);

  model::UnitTable<double> keep;
  std::optional<HeadMap> map;
  if (run.scores) {
    keep = score::spread_over_heads(score::unit_scores(*run.scores, request.method), run.before);
    map.emplace(plan_map(folder, request.method, run.before, keep, run.plan));
  }
  if (!svg.empty()) write_file(svg, head_map_svg(*map), write.force);
  if (show.json) return print_json(to_json(request, run));
  if (show.quiet) return;
  if (map) print_coloured(head_map_text(*map, output_width(), colour_out()) + "\n");
  print_out(describe(request, run));
}

}  // namespace hies::cli
