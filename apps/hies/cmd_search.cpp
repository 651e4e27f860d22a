#include <fmt/format.h>

#include "arguments.h"
#include "commands.h"
#include "common_options.h"
#include "comparison.h"
#include "console_progress.h"
#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/search/search.h"
#include "human.h"
#include "load_options.h"
#include "named_paths.h"
#include "plan_map.h"
#include "site_values.h"
#include "terminal.h"
#include "text_layout.h"

namespace hies::cli {
namespace {

std::string rows_text(const search::SearchRun& run) {
  TextTable table({"rows", "file", "examples", fmt::format("{}, plan", run.divergence), "scores alone"}, {0, 1});
  const auto row = [&](std::string_view name, const search::OnRows& rows) {
    table.row({std::string(name), rows.file, fmt::to_string(rows.examples), fmt::format("{:.4g}", rows.plan),
               fmt::format("{:.4g}", rows.scores)});
  };
  row("search", run.objective);
  row("choice", run.choice);
  if (run.evaluation_rows) row("evaluation", *run.evaluation_rows);
  return table.text();
}

std::string work_text(const search::SearchRun& run) {
  const search::Found& found = run.found;
  std::string text = fmt::format("{} of {} units were candidates; {} {}", found.candidates, run.units, found.step_count,
                                 run.strategy == "evolve" ? "generations" : "steps");
  if (run.strategy == "greedy")
    text += fmt::format(", {} of which ended because no other candidate had been nearer", found.certain_steps);
  text += ".\n";
  if (run.masks.distinct > 0)
    text += fmt::format("{} masks evaluated in {}: {:.2g}/s, {} of the layer evaluations avoided.\n", run.masks.distinct,
                        human_seconds(run.seconds), static_cast<double>(run.masks.distinct) / run.seconds,
                        percent(static_cast<double>(run.masks.layers_avoided) /
                                static_cast<double>(run.masks.layers_avoided + run.masks.layers_done)));
  if (run.known_masks > 0) text += fmt::format("{} masks were known from before.\n", run.known_masks);
  if (found.exhaustive > 0) text += fmt::format("All candidates in every step would be {} masks.\n", found.exhaustive);
  if (found.filled > 0)
    text += fmt::format("Time was up: the last {} units were removed by what was known of them.\n", found.filled);
  if (found.stopped) text += "Time was up before the search's end. The same command resumes it.\n";
  return text;
}

std::string finalists_text(const search::SearchRun& run) {
  const bool refits = run.finalists.front().refitted.has_value();
  TextTable table(refits ? std::vector<std::string>{"plan", "search rows", "choice rows", "refitted"}
                         : std::vector<std::string>{"plan", "search rows", "choice rows"});
  for (std::size_t i = 0; i < run.finalists.size(); ++i) {
    const search::Finalist& finalist = run.finalists[i];
    std::vector<std::string> cells = {finalist.name + (i == run.chosen ? " (chosen)" : ""),
                                      fmt::format("{:.4g}", finalist.objective), fmt::format("{:.4g}", finalist.choice)};
    if (refits) cells.push_back(fmt::format("{:.4g}", *finalist.refitted));
    table.row(std::move(cells));
  }
  return table.text();
}

std::string search_text(const search::SearchRequest& request, const search::SearchRun& run) {
  std::string text =
      plan_summary(run.plan, run.layout, run.fits) + "\n" + rows_text(run) + "\n" + finalists_text(run) + "\n" + work_text(run);
  if (run.evaluation) {
    const eval::Result& result = run.evaluation->result;
    text += fmt::format("\n{}: {} examples, {} tokens\n\n", printable(result.data_file), result.examples, result.tokens);
    text += comparison_table(result, "before", "after");
  }
  return text + fmt::format("\nplan in {}\n", printable((request.output / search::kPlanFile).string(), 500));
}

// Adds the options that say what is searched and how.
void add_search(Arguments& arguments, search::SearchRequest& request) {
  arguments.heading("How much to remove (one budget)");
  arguments.add(request.budget);
  arguments.describe("protect", {.placeholder = "LIST"});
  arguments.heading("Search");
  arguments.add(request.search);
  arguments.add(request.refit, {"refit_examples", "refit_heldout"});
  arguments.describe("refit", {.help = "judge the final few plans with the output matrices fitted anew: none, attention or all"});
  arguments.heading("Scores, which say what is tried first");
  arguments.add(request.method);
  arguments.describe("seed", {.help = "seed of the random order of examples, and of method random"});
  arguments.add(request.score, {"tables", "batch_tokens", "sites"});
  arguments.heading("Calibration and evaluation");
  arguments.add(request.load);
  describe_load_options(arguments);
  arguments.describe("examples", {.default_value = "512; windows of a text 64",
                                  .help = "how many calibration rows to search with; evaluation uses all"});
  arguments.add(request.eval, {"batch_tokens"});
}

}  // namespace

void run_search(Words words) {
  const std::vector<std::string> by_site = with_site_values(words);
  Arguments arguments({"hies search",
                       "choose what to remove by trying masks on unlabelled rows",
                       {"hies search MODEL --task T --calib FILE --ratio 0.5 -o DIR [--eval FILE]",
                        "hies search MODEL --task T --calib FILE --sites attention,ffn --matrix-flops-ratio 0.5 …"},
                       {"hies search examples/demo-sst2 --task sst2 --calib examples/reviews-calibration.tsv \\",
                        "    --examples 64 --ratio 0.3 -o found"}},
                      by_site);
  std::string folder, calibration, evaluation, output;
  search::SearchRequest request;
  ShowOptions show;
  arguments.positional("MODEL", folder, kModelHelp);
  arguments("task", request.task, kTaskHelp);
  arguments.text("calib", "FILE", calibration, "data file with rows to search and to choose with; no labels needed");
  arguments.text("eval", "FILE", evaluation, "data file to compare the model before and after on");
  arguments("output", output, "directory of the search: plan.json, and all that a stopped search needs to be resumed");
  arguments.describe("output", {.placeholder = "DIR", .short_name = "o"});
  add_search(arguments, request);
  arguments.heading("Running and showing");
  arguments.add(request.execution);
  arguments.add(show);
  if (!arguments.parse()) return;
  for (const std::string_view name : {"task", "calib", "output"}) arguments.require(name);
  engine::resolve(request.execution);
  refuse_overlap({{"--output", output}}, {{"MODEL", folder}, {"--calib", calibration}, {"--eval", evaluation}});
  request.model = folder;
  request.output = output;
  request.calibration = calibration;
  if (!evaluation.empty()) request.evaluation = evaluation;
  request.version = HIES_VERSION;
  ConsoleProgress progress(show.quiet);
  const search::SearchRun run = search::run_search(request, progress);
  if (show.json) return print_json(search::to_json(run));
  if (!show.quiet) print_out(search_text(request, run));
}

}  // namespace hies::cli
