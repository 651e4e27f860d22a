#include <fmt/format.h>

#include <filesystem>
#include <system_error>

#include "arguments.h"
#include "commands.h"
#include "common_options.h"
#include "console_progress.h"
#include "hies/base/error.h"
#include "hies/base/files.h"
#include "hies/explain/explain_run.h"
#include "load_options.h"
#include "named_paths.h"
#include "terminal.h"

namespace hies::cli {
namespace {

std::string answer(const Json& document, const Json& value) {
  const Json& labels = document["labels"];
  const double number = value["answer"].get<double>();
  const auto index = static_cast<std::size_t>(number);
  return index < labels.size() ? printable(labels[index].get<std::string>()) : fmt::format("{:.4g}", number);
}

std::string outcome_text(const Json& document) {
  std::string text;
  for (const Json& example : document["examples"]) {
    std::string tokens;
    for (const Json& token : example["tokens"]) tokens += token.get<std::string>() + " ";
    text += fmt::format("line {}: {}", example["row"].get<std::int64_t>(), answer(document, example["before"]));
    if (!example["after"].is_null()) text += fmt::format(", pruned {}", answer(document, example["after"]));
    text += fmt::format("\n  {}\n", printable(tokens, 160));
  }
  return text;
}

void write_folder(const std::string& output, const Json& document, bool force) {
  std::error_code failure;
  std::filesystem::create_directories(output, failure);
  if (failure) io_error("cannot create {}: {}", output, failure.message());
  write_file(std::filesystem::path(output) / explain::kExplainFile, compact(document) + "\n", force);
}

}  // namespace

void run_explain(Words words) {
  Arguments arguments({"hies explain",
                       "attention and importance of heads in single examples, with and without some of them",
                       {"hies explain MODEL --task T --data FILE [--plan FILE] [--pick flipped|wrong|LINES] -o DIR"},
                       {"hies explain examples/demo-sst2 --task sst2 --data examples/reviews-evaluation.tsv \\",
                        "    --plan plan.json -o flipped", "hies report study flipped -o report.html"}},
                      words);
  std::string folder, data_file, plan;
  explain::ExplainRequest request;
  request.version = HIES_VERSION;
  WriteOptions write;
  ShowOptions show;
  arguments.positional("MODEL", folder, kModelHelp);
  arguments("task", request.task, kTaskHelp);
  arguments.text("data", "FILE", data_file, "data: tsv, csv, jsonl, json, parquet or txt, or a folder of shards");
  arguments.text("plan", "FILE", plan, "plan.json: the heads to remove");
  arguments.add(write);
  arguments.describe("output",
                     {.placeholder = "DIR", .help = "directory for explain.json, which `hies report` reads", .short_name = "o"});
  arguments.heading("Examples and heads");
  arguments.add(request.options);
  arguments.describe("pick", {.placeholder = "flipped|wrong|LINES"});
  arguments("loss", request.loss, "loss whose gradient gives HIS: ce, mse, pseudo-label, logit-norm or sampled");
  arguments.describe("loss", {.default_value = "the task's, without labels logit-norm"});
  arguments.heading("Data");
  add_load_options(arguments, request.load);
  arguments.heading("Running and showing");
  arguments.add(request.execution, {"device", "deterministic", "offload"});  // attention weights are recorded on the CPU only
  arguments.add(show);
  if (!arguments.parse()) return;
  arguments.require("task");
  arguments.require("data");
  arguments.require("output");
  engine::resolve(request.execution);
  refuse_overlap({{"--output", write.output}}, {{"MODEL", folder}, {"--data", data_file}, {"--plan", plan}});
  const std::filesystem::path file = std::filesystem::path(write.output) / explain::kExplainFile;
  if (is_there(write.output)) check_writable(file, write.force);
  else check_writable(write.output, write.force);

  request.model = folder;
  request.data = data_file;
  if (!plan.empty()) request.plan = plan;
  ConsoleProgress progress(show.quiet);
  const Json document = explain::run_explain(request, progress);
  Progress::throw_if_cancelled();
  write_folder(write.output, document, write.force);
  if (show.json) return print_json(document);
  if (!show.quiet)
    print_out(outcome_text(document) +
              fmt::format("{} examples in {}\n", document["examples"].size(), printable(file.string(), 500)));
}

}  // namespace hies::cli
