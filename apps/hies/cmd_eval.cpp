#include <fmt/format.h>

#include "arguments.h"
#include "commands.h"
#include "common_options.h"
#include "comparison.h"
#include "console_progress.h"
#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/eval/predictions_file.h"
#include "hies/pipeline/eval_run.h"
#include "load_options.h"
#include "named_paths.h"
#include "terminal.h"

namespace hies::cli {

void run_eval(Words words) {
  Arguments arguments(
      {"hies eval",
       "quality, stability, size and speed of a model on a data file",
       {"hies eval MODEL --task T --data FILE [--plan plan.json] [--reference MODEL] [-o result.json]"},
       {"hies eval SMALLER --task sst2 --data examples/reviews-evaluation.tsv \\", "    --reference examples/demo-sst2"}},
      words);
  std::string folder, data_file, plan, reference, predictions;
  pipeline::EvalRequest request;
  WriteOptions write;
  ShowOptions show;
  arguments.positional("MODEL", folder, kModelHelp);
  arguments("task", request.task, kTaskHelp);
  arguments.text("data", "FILE", data_file,
                 "data: tsv, csv, jsonl, json, parquet or txt, or a folder of shards; without labels there are no metrics");
  arguments.text("plan", "FILE", plan, "mask the heads of this plan.json, and compare with the model as it is");
  arguments.text("reference", "MODEL", reference, "checkpoint to compare with: stability, and latency in turns");
  arguments.add(write);
  arguments.describe("output", {.placeholder = "FILE", .help = "result.json to write", .short_name = "o"});
  arguments.text("predictions", "FILE", predictions, "write one row per example into this tsv file");
  arguments.heading("Data");
  add_load_options(arguments, request.load);
  arguments.heading("Judging");
  arguments("loss", request.loss, "loss whose mean is reported: ce, mse, pseudo-label, logit-norm or sampled");
  arguments.describe("loss", {.default_value = "the task's"});
  arguments.add(request.eval);
  arguments.heading("Running and showing");
  arguments.add(request.execution);
  arguments.add(show);
  if (!arguments.parse()) return;
  arguments.require("task");
  arguments.require("data");
  engine::resolve(request.execution);
  refuse_overlap({{"--output", write.output}, {"--predictions", predictions}},
                 {{"MODEL", folder}, {"--data", data_file}, {"--plan", plan}, {"--reference", reference}});
  if (!write.output.empty()) check_writable(write.output, write.force);
  if (!predictions.empty()) check_writable(predictions, write.force);

  request.model = folder;
  request.data = data_file;
  if (!plan.empty()) request.plan = plan;
  if (!reference.empty()) request.reference = reference;
  ConsoleProgress progress(show.quiet);
  const pipeline::EvalRun run = pipeline::run_eval(request, progress);
  const eval::Evaluation& done = run.evaluation;
  Progress::throw_if_cancelled();
  if (!write.output.empty()) eval::write_result(write.output, done.result, write.force);
  if (!predictions.empty())
    eval::write_predictions(predictions, run.dataset, run.labels, done.predictions, done.reference ? &*done.reference : nullptr,
                            write.force);
  if (show.json) return print_json(eval::to_json(done.result));
  if (show.quiet && !write.output.empty()) return;
  std::string text = fmt::format("{} on {}: {} examples, {} tokens\n\n", done.result.task, printable(data_file),
                                 done.result.examples, done.result.tokens);
  const bool masked = request.plan && !request.reference;
  const std::string_view before = masked ? "unpruned" : "reference", after = masked ? "masked" : "model";
  text += comparison_table(done.result, before, after);
  if (const std::string groups = group_table(done.result, before, after); !groups.empty()) text += "\n" + groups;
  print_out(text);
}

}  // namespace hies::cli
