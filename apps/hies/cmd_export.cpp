#include <fmt/format.h>

#include "arguments.h"
#include "commands.h"
#include "common_options.h"
#include "console_progress.h"
#include "hies/base/files.h"
#include "hies/pipeline/export_run.h"
#include "human.h"
#include "named_paths.h"
#include "terminal.h"

namespace hies::cli {
namespace {

Json export_json(const pipeline::ExportRequest& request, const pipeline::ExportRun& run) {
  return {{"schema", "hies.export/1"},
          {"output", request.output.string()},
          {"file", run.file.path},
          {"bytes", run.file.bytes},
          {"data_bytes", run.file.data_bytes},
          {"notes", run.notes},
          {"options", options_json(request.options)}};
}

std::string export_text(const pipeline::ExportRequest& request, const pipeline::ExportRun& run) {
  const auto path = request.output / run.file.path;
  std::string text = fmt::format("{} {}\n", printable(path.string(), 500), human_bytes(static_cast<double>(run.file.bytes)));
  if (run.file.data_bytes > 0)
    text += fmt::format("{}_data {}\n", printable(path.string(), 500), human_bytes(static_cast<double>(run.file.data_bytes)));
  for (const std::string& note : run.notes) text += fmt::format("note: {}\n", note);
  return text;
}

}  // namespace

void run_export(Words words) {
  Arguments arguments({"hies export",
                       "write a checkpoint, pruned or not, in a form that other programs open",
                       {"hies export MODEL --to onnx -o DIR"},
                       {"hies export examples/demo-sst2 --to onnx -o demo-onnx"}},
                      words);
  std::string folder;
  pipeline::ExportRequest request;
  WriteOptions write;
  ShowOptions show;
  arguments.positional("MODEL", folder, kModelHelp);
  arguments.add(request.options);
  arguments.describe("to", {.placeholder = "FORM"});
  arguments.add(write);
  arguments.describe("output", {.placeholder = "DIR", .help = "directory of the result", .short_name = "o"});
  arguments.describe("force", {.help = "replace a checkpoint directory that is there"});
  arguments.add(show);
  if (!arguments.parse()) return;
  arguments.require("output");
  refuse_overlap({{"--output", write.output}}, {{"MODEL", folder}});
  check_writable(write.output, write.force);
  request.model = folder;
  request.output = write.output;
  request.force = write.force;
  ConsoleProgress progress(show.quiet);
  const pipeline::ExportRun run = pipeline::run_export(request, progress);
  if (show.json) return print_json(export_json(request, run));
  if (!show.quiet) print_out(export_text(request, run));
}

}  // namespace hies::cli
