#include <fmt/format.h>
#include <fmt/ranges.h>

#include "arguments.h"
#include "commands.h"
#include "common_options.h"
#include "console_progress.h"
#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/baseline/baseline.h"
#include "hies/score/methods/unit_scores.h"
#include "load_options.h"
#include "named_paths.h"
#include "plan_map.h"
#include "preset_option.h"
#include "prune_output.h"
#include "site_values.h"
#include "terminal.h"

namespace hies::cli {
namespace {

// A plan says which heads are removed: no option that would choose others may stand beside it.
void refuse_beside_plan(const Arguments& arguments, const pipeline::PruneRequest& request) {
  if (request.refit.refit == "none") arguments.exclude("plan", "calib");
  arguments.exclude_fields("plan", request.budget, {"target"});
  arguments.exclude_fields("plan", request.stages);
  arguments.exclude("plan", "preset");
  arguments.exclude_fields("plan", request.method, {"seed"});
  arguments.exclude_fields("plan", request.score, {"tables", "batch_tokens", "sites"});
  if (arguments.given("svg"))
    throw Error(ErrorKind::bad_input, "--svg draws scores, but --plan has none", "draw the map with `hies plan --svg`");
}

// Adds the options that say how many heads are removed, which, and on what data that is decided and judged.
void add_selection(Arguments& arguments, pipeline::PruneRequest& request, std::string& refit_calibration) {
  arguments.heading("How much to remove (one budget)");
  arguments.add(request.budget);
  arguments.describe("protect", {.placeholder = "LIST"});
  arguments.describe("latency-table", {.placeholder = "FILE"});
  arguments.heading("Which heads and neurons to remove");
  arguments.add(request.method);
  arguments.describe("seed", {.help = "seed of the random order of examples, and of method random"});
  arguments.add(request.score, {"tables", "batch_tokens", "sites"});
  arguments.heading("Refit");
  arguments.add(request.refit);
  arguments.text("refit-calib", "FILE", refit_calibration,
                 "data file whose rows the refit takes, instead of other rows of --calib; no labels needed");
  arguments.add(request.stages);
  arguments.heading("Calibration and evaluation");
  add_load_options(arguments, request.load);
  arguments.describe("examples", {.help = "how many rows to calibrate with; evaluation uses all"});
  arguments("batch-tokens", request.score.batch_tokens, "tokens computed at once; bounds memory, does not change results");
  arguments.add(request.eval);
}

// Gives the job the method of another paper where one is named.
void use_baseline(const Arguments& arguments, pipeline::PruneRequest& request) {
  const baseline::Baseline* method = baseline::find_baseline(request.method.method);
  if (method == nullptr) return;
  request.method.method = method->scorer;
  if (!method->loss.empty() && !arguments.given("loss")) request.score.loss = method->loss;
  request.maker = baseline::maker(*method);
  if (!arguments.given("refit")) request.refit.refit = "none";  // the preset's
}

// Empty names are files that are not given.
void give_files(pipeline::PruneRequest& request, const std::string& plan, const std::string& calibration,
                const std::string& refit_calibration, const std::string& evaluation) {
  const auto give = [](std::optional<std::filesystem::path>& file, const std::string& name) {
    if (!name.empty()) file = name;
  };
  give(request.plan, plan);
  give(request.calibration, calibration);
  give(request.refit_calibration, refit_calibration);
  give(request.evaluation, evaluation);
}

void show_result(const std::string& folder, const pipeline::PruneRequest& request, const pipeline::PruneRun& run,
                 const std::string& svg, const WriteOptions& write, const ShowOptions& show) {
  model::UnitTable<double> keep;
  std::optional<HeadMap> map;
  if (run.scores) {
    keep = score::spread_over_heads(score::unit_scores(*run.scores, request.method), run.before);
    map.emplace(plan_map(folder, request.method, run.before, keep, run.plan));
  }
  if (!svg.empty()) write_file(svg, head_map_svg(*map), write.force);
  if (show.json) return print_json(prune_json(request, run));
  if (show.quiet) return;
  if (map) print_coloured(head_map_text(*map, output_width(), colour_out()) + "\n");
  print_out(prune_text(request, run));
}

}  // namespace

void run_prune(Words words) {
  const std::vector<std::string> by_site = with_site_values(words);
  Arguments arguments(
      {"hies prune",
       "remove attention heads and feed-forward neurons from a checkpoint",
       {"hies prune MODEL --plan plan.json -o DIR", "hies prune MODEL --task T --calib FILE --ratio 0.3 -o DIR [--eval FILE]",
        "hies prune MODEL --task T --calib FILE --matrix-flops-ratio 0.5 -o DIR"},
       {"hies prune examples/demo-sst2 --task sst2 --calib examples/reviews-calibration.tsv \\", "    --ratio 0.3 -o smaller"}},
      by_site);
  std::string folder, plan, calibration, refit_calibration, evaluation, svg, preset;
  pipeline::PruneRequest request;
  WriteOptions write;
  ShowOptions show;
  arguments.positional("MODEL", folder, kModelHelp);
  arguments.text("plan", "FILE", plan, "plan.json: what is removed");
  arguments("task", request.task, kTaskHelp);
  arguments.text("calib", "FILE", calibration, "data file with calibration examples, to choose what is removed and to refit");
  arguments.text("eval", "FILE", evaluation, "data file to compare the model before and after on");
  arguments.add(write);
  arguments.describe("output", {.placeholder = "DIR", .help = "directory of the smaller checkpoint", .short_name = "o"});
  arguments.describe("force", {.help = "replace a checkpoint directory that is there"});
  arguments.add(request.surgery);
  arguments.describe("max-shard-size", {.placeholder = "SIZE"});
  arguments.text("export", "FORM", request.exported, "also write the result as onnx, into the folder onnx of the output");
  arguments.text("svg", "FILE", svg,
                 "draw the head map, pruned heads crossed, into this file; not with a plan, which has no scores");
  arguments("preset", preset, kPresetHelp);
  add_selection(arguments, request, refit_calibration);
  arguments.heading("Running and showing");
  arguments.add(request.execution);
  arguments.add(show);

  if (!arguments.parse()) return;
  arguments.require("output");
  if (!arguments.given("plan"))
    apply_preset(arguments, preset, request.budget, {request.task, &request.method, &request.score, &request.refit, &request.load},
                 show.quiet || show.json);
  if (arguments.given("plan")) refuse_beside_plan(arguments, request);
  if (arguments.given("calib") || arguments.given("eval")) arguments.require("task");
  engine::resolve(request.execution);
  refuse_overlap({{"--output", write.output}, {"--svg", svg}}, {{"MODEL", folder},
                                                                {"--plan", plan},
                                                                {"--calib", calibration},
                                                                {"--refit-calib", refit_calibration},
                                                                {"--eval", evaluation},
                                                                {"--latency-table", request.budget.latency_table}});
  check_writable(write.output, write.force);
  if (!svg.empty()) check_writable(svg, write.force);

  use_baseline(arguments, request);
  request.model = folder;
  request.output = write.output;
  request.force = write.force;
  request.command = as_typed("prune", words);
  give_files(request, plan, calibration, refit_calibration, evaluation);
  ConsoleProgress progress(show.quiet);
  const pipeline::PruneRun run = pipeline::run_prune(request, progress);
  show_result(folder, request, run, svg, write, show);
}

}  // namespace hies::cli
