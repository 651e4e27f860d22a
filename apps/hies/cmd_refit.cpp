#include <fmt/format.h>

#include "arguments.h"
#include "commands.h"
#include "common_options.h"
#include "console_progress.h"
#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/pipeline/prune_run.h"
#include "load_options.h"
#include "named_paths.h"
#include "prune_output.h"
#include "terminal.h"

namespace hies::cli {

void run_refit(Words words) {
  Arguments arguments({"hies refit",
                       "prune by a plan and fit the output matrices of what is kept anew",
                       {"hies refit MODEL --task T --plan plan.json --calib FILE -o DIR [--eval FILE]"},
                       {"hies refit examples/demo-sst2 --task sst2 --plan plan.json \\",
                        "    --calib examples/reviews-calibration.tsv -o refitted"}},
                      words);
  std::string folder, plan, calibration, evaluation;
  pipeline::PruneRequest request;
  request.refit.refit = "all";
  WriteOptions write;
  ShowOptions show;
  arguments.positional("MODEL", folder, kModelHelp);
  arguments("task", request.task, kTaskHelp);
  arguments.text("plan", "FILE", plan, "plan.json: what is removed");
  arguments.text("calib", "FILE", calibration, "data file with rows to fit with; no labels needed");
  arguments.text("eval", "FILE", evaluation, "data file to compare the model before and after on");
  arguments.add(write);
  arguments.describe("output", {.placeholder = "DIR", .help = "directory of the smaller checkpoint", .short_name = "o"});
  arguments.add(request.surgery);
  arguments.describe("max-shard-size", {.placeholder = "SIZE"});
  arguments.heading("Refit");
  arguments.add(request.refit);
  arguments.heading("Calibration and evaluation");
  arguments.add(request.load, {"examples"});
  describe_load_options(arguments);
  arguments.add(request.eval);
  arguments.heading("Running and showing");
  arguments.add(request.execution);
  arguments.add(show);
  if (!arguments.parse()) return;
  for (const std::string_view name : {"task", "plan", "calib", "output"}) arguments.require(name);
  if (request.refit.refit == "none")
    throw Error(ErrorKind::bad_input, "--refit none leaves nothing to do", "`hies prune --plan` removes units without a refit");
  engine::resolve(request.execution);
  refuse_overlap({{"--output", write.output}},
                 {{"MODEL", folder}, {"--plan", plan}, {"--calib", calibration}, {"--eval", evaluation}});
  check_writable(write.output, write.force);
  request.model = folder;
  request.output = write.output;
  request.force = write.force;
  request.command = as_typed("refit", words);
  request.plan = plan;
  request.calibration = calibration;
  if (!evaluation.empty()) request.evaluation = evaluation;
  ConsoleProgress progress(show.quiet);
  const pipeline::PruneRun run = pipeline::run_prune(request, progress);
  if (show.json) return print_json(prune_json(request, run));
  if (!show.quiet) print_out(prune_text(request, run));
}

}  // namespace hies::cli
